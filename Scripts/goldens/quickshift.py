#!/usr/bin/env python3
"""Writes the reference values of ExplanationsTests for quickshift: small pictures and how scikit-image
cuts them.

    pip install scikit-image numpy && Scripts/goldens/quickshift.py

scikit-image adds noise to densities, which decides between equal ones; here it adds none, and pictures
have no equal densities. Pictures are float32, everything else is computed in double precision.
"""
import pathlib

import numpy as np
from skimage.filters import gaussian
from skimage.segmentation import quickshift

target = pathlib.Path(__file__).resolve().parents[2] / "Tests/ExplanationsTests/Golden/quickshift"
target.mkdir(parents=True, exist_ok=True)


class Silence:
    """Noise that is none."""

    def normal(self, scale, size):
        return np.zeros(size)


np.random.default_rng, random_source = lambda seed=None: Silence(), np.random.default_rng


def picture(height, width, seed, grain):
    """Soft blobs of colour with a few hard edges and some grain, `[1, 3, H, W]`."""
    random = random_source(seed)
    blobs = gaussian(random.random((height, width, 3)), 4, channel_axis=-1)
    # Every brightness of every colour is as frequent as any other.
    blobs = blobs.reshape(-1, 3).argsort(0).argsort(0).reshape(blobs.shape) / (height * width)
    rows, columns = np.mgrid[:height, :width]
    blobs[(rows - height / 3) ** 2 + (columns - width / 2) ** 2 < (height / 5) ** 2] *= 0.4
    blobs[rows + columns > 1.4 * width] **= 2
    noisy = np.clip(blobs + grain * random.standard_normal(blobs.shape), 0, 1)
    return noisy.astype(np.float32).transpose(2, 0, 1)[None]


cases = [
    # name, height, width, kernel, distance, ratio
    ("published", 80, 96, 8, 10, 0.1),
    ("far", 66, 52, 3, 200, 0.5),
    ("fine", 41, 53, 2.5, 6, 0.7),
    ("lime", 72, 63, 4, 200, 0.2),
    ("narrow", 5, 90, 3, 10, 0.5),
]
for number, (name, height, width, kernel, distance, ratio) in enumerate(cases):
    pixels = picture(height, width, number, 0.01)
    labels = quickshift(
        pixels[0].transpose(1, 2, 0).astype(np.float64), ratio=ratio, kernel_size=kernel,
        max_dist=distance)
    np.save(target / f"{name}.input.npy", pixels)
    np.save(target / f"{name}.labels.npy", labels.astype(np.float32))
    print(name, pixels.shape, labels.max() + 1)
