#!/usr/bin/env python3
"""Writes the reference values of ImagingTests: what Pillow and SciPy make of a small picture.

    pip install pillow numpy scipy && Scripts/goldens/imaging.py

One JSON file: the picture's samples, and under each name a result's size and samples.
"""
import json
import pathlib

import numpy as np
from PIL import Image, ImageOps
from scipy.ndimage import gaussian_filter

target = pathlib.Path(__file__).resolve().parents[2] / "Tests/ImagingTests/Golden"
target.mkdir(parents=True, exist_ok=True)

random = np.random.default_rng(1)
pixels = random.integers(0, 256, (13, 17, 3), dtype=np.uint8)
pixels[:, :6] = np.linspace(0, 255, 13).astype(np.uint8)[:, None, None]
picture = Image.fromarray(pixels)


def entry(image):
    return {"width": image.width, "height": image.height, "samples": list(image.tobytes())}


filters = {
    "nearest": Image.Resampling.NEAREST,
    "box": Image.Resampling.BOX,
    "bilinear": Image.Resampling.BILINEAR,
    "bicubic": Image.Resampling.BICUBIC,
    "lanczos": Image.Resampling.LANCZOS,
}
resized = {
    f"{name} {w}x{h}": entry(picture.resize((w, h), kind))
    for name, kind in filters.items()
    for w, h in [(5, 4), (40, 31), (17, 6), (9, 13), (1, 1)]
}
# The box 3,2 10x9, of which Pillow wants the corners.
boxed = {
    name: entry(picture.resize((7, 12), kind, box=(3, 2, 13, 11)))
    for name, kind in filters.items()
    if name != "nearest"
}


def blurred(sigma):
    values = gaussian_filter(pixels.astype(np.float64), (sigma, sigma, 0), mode="reflect")
    return entry(Image.fromarray(np.floor(values + 0.5).astype(np.uint8)))


oriented = {}
for orientation in range(1, 9):
    exif = Image.Exif()
    exif[0x0112] = orientation
    copy = picture.copy()
    copy.info["exif"] = exif.tobytes()
    oriented[str(orientation)] = entry(ImageOps.exif_transpose(copy))

(target / "pillow.json").write_text(
    json.dumps(
        {
            "picture": entry(picture),
            "luminance": entry(picture.convert("L")),
            "resized": resized,
            "boxed": boxed,
            "blurred": {str(sigma): blurred(sigma) for sigma in (0.4, 1.5, 6.0)},
            "oriented": oriented,
        },
        separators=(",", ":"),
    )
)
