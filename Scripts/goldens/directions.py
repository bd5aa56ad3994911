#!/usr/bin/env python3
"""Writes Tests/DirectionsTests/Golden/factorizations.json: what NumPy and SciPy make of small matrices.

    pip install numpy scipy && Scripts/goldens/directions.py
"""

import json
from pathlib import Path

import numpy as np
from scipy.fft import dctn
from scipy.linalg import qr

GOLDEN = Path(__file__).resolve().parents[2] / "Tests/DirectionsTests/Golden"
rng = np.random.default_rng(7)


def signed(components):
    """Each row with its value of largest magnitude positive."""
    rows = np.arange(len(components))
    largest = components[rows, np.abs(components).argmax(axis=1)]
    return components * np.sign(largest)[:, None]


def principal(rows, centered):
    rows = rows - rows.mean(axis=0) if centered else rows
    _, values, vectors = np.linalg.svd(rows, full_matrices=False)
    values = values[values > 1e-6 * values[0]]
    components = signed(vectors[: len(values)])
    return dict(components=components.tolist(), scores=(rows @ components.T).tolist(),
                shares=(values**2 / (values**2).sum()).tolist(), sumOfSquares=(rows**2).sum())


def case(name, rows):
    r, pivots = qr(rows, mode="r", pivoting=True)
    diagonal = np.abs(np.diag(r[: min(rows.shape)]))
    return dict(name=name, rows=rows.tolist(), pivots=pivots.tolist(), diagonal=diagonal.tolist(),
                singularValues=np.linalg.svd(rows, compute_uv=False).tolist(),
                centered=principal(rows, True), plain=principal(rows, False))


spread = np.array([5, 3, 2, 1, 0.5, 0.2, 0.1])
cases = [case("more directions than features", np.round(rng.normal(size=(9, 5)) * spread[:5] + 1, 3)),
         case("fewer directions than features", np.round(rng.normal(size=(4, 7)) * spread, 3))]
displacement = np.round(rng.normal(size=(2, 5, 6)), 3)
cosines = [dctn(plane, norm="ortho")[:3, :3].ravel().tolist() for plane in displacement]
GOLDEN.mkdir(parents=True, exist_ok=True)
(GOLDEN / "factorizations.json").write_text(json.dumps(dict(
    cases=cases, displacement=displacement.ravel().tolist(), cosines=sum(cosines, []))) + "\n")
