#!/usr/bin/env python3
"""Writes the reference values of ImagingTests: what Pillow makes of a small picture.

    pip install pillow numpy && Scripts/goldens/imaging.py

One JSON file: the picture's samples, and under each name a result's size and samples.
"""
import json
import pathlib

import numpy as np
from PIL import Image, ImageOps

target = pathlib.Path(__file__).resolve().parents[2] / "Tests/ImagingTests/Golden"
target.mkdir(parents=True, exist_ok=True)

random = np.random.default_rng(1)
pixels = random.integers(0, 256, (13, 17, 3), dtype=np.uint8)
pixels[:, :6] = np.linspace(0, 255, 13).astype(np.uint8)[:, None, None]
picture = Image.fromarray(pixels)


def entry(image):
    return {"width": image.width, "height": image.height, "samples": list(image.tobytes())}


filters = {
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
            "oriented": oriented,
        },
        separators=(",", ":"),
    )
)
