#!/usr/bin/env python3
"""Writes the files of Tests/ImageCodecsTests/Golden.

    pip install pillow numpy && Scripts/goldens/codecs.py

PNG files are put together here chunk by chunk, so their pixels are known by construction. JPEG files
are Pillow's, and so are their pixels. Beside each NAME.png or NAME.jpg stands NAME.raw, the upright
8-bit pixels that decoding is to give; expected.csv says the rest.
"""

import csv
import io
import struct
import sys
import zlib
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

GOLDEN = Path(__file__).resolve().parents[2] / "Tests/ImageCodecsTests/Golden"
LAYOUTS = {1: "gray", 2: "grayAlpha", 3: "rgb", 4: "rgba"}
PNG_TYPES = {"gray": 0, "rgb": 2, "palette": 3, "grayAlpha": 4, "rgba": 6}
# First column, first row, column step, row step of the seven interlacing passes.
ADAM7 = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]

rows = []


def record(name, extension, content, pixels, **facts):
    """Writes the file and its pixels [height, width, channels], and remembers the facts."""
    (GOLDEN / f"{name}.{extension}").write_bytes(content)
    (GOLDEN / f"{name}.raw").write_bytes(pixels.astype(np.uint8).tobytes())
    height, width, channels = pixels.shape
    row = dict(file=f"{name}.{extension}", width=width, height=height, layout=LAYOUTS[channels],
               bit_depth=8, progressive=0, orientation=1, notes="", tolerance=0)
    row.update(facts)
    row["notes"] = "+".join(sorted(row["notes"].split("+")))
    rows.append(row)


# --- PNG ---------------------------------------------------------------------------------------------

def chunk(kind, content):
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def packed_row(row, depth):
    """The samples [width, channels] of one row as bytes."""
    if depth == 16:
        return row.astype(">u2").tobytes()
    bits = np.unpackbits(row.astype(np.uint8).reshape(-1, 1), axis=1)[:, 8 - depth:]
    return np.packbits(bits.reshape(-1)).tobytes()


def filtered(samples, depth):
    """Rows with a filter byte each; the filter changes from row to row so that all five are met."""
    stride = max(1, samples.shape[2] * depth // 8)
    previous, result = None, b""
    for y, row in enumerate(samples):
        raw = np.frombuffer(packed_row(row, depth), np.uint8).astype(int)
        up = np.zeros_like(raw) if previous is None else previous
        left = np.concatenate([np.zeros(stride, int), raw])[:len(raw)]
        corner = np.concatenate([np.zeros(stride, int), up])[:len(raw)]
        guess = left + up - corner
        near = [abs(guess - left), abs(guess - up), abs(guess - corner)]
        paeth = np.where((near[0] <= near[1]) & (near[0] <= near[2]), left,
                         np.where(near[1] <= near[2], up, corner))
        prediction = [0 * raw, left, up, (left + up) // 2, paeth][y % 5]
        result += bytes([y % 5]) + ((raw - prediction) % 256).astype(np.uint8).tobytes()
        previous = raw
    return result


def png(samples, kind, depth, before=b"", after=b"", interlaced=False):
    """A file of the stored samples [height, width, channels]; chunks go before and after the pixels."""
    height, width, _ = samples.shape
    if interlaced:
        passes = [samples[y::dy, x::dx] for x, y, dx, dy in ADAM7]
        data = b"".join(filtered(part, depth) for part in passes if part.size)
    else:
        data = filtered(samples, depth)
    header = struct.pack(">IIBBBBB", width, height, depth, PNG_TYPES[kind], 0, 0, int(interlaced))
    stream = zlib.compress(data)
    middle = len(stream) // 2  # two IDAT chunks are as good as one
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + before + chunk(b"IDAT", stream[:middle])
            + chunk(b"IDAT", stream[middle:]) + after + chunk(b"IEND", b""))


def exif(orientation, order="<"):
    """A TIFF block with a maker's name, the orientation, and nothing else."""
    mark = b"II" if order == "<" else b"MM"
    return (mark + struct.pack(order + "HIH", 42, 8, 2)
            + struct.pack(order + "HHI4s", 0x010F, 2, 4, b"abc\0")
            + struct.pack(order + "HHIHH", 0x0112, 3, 1, orientation, 0)
            + struct.pack(order + "I", 0))


def write_pngs(random):
    def samples(channels, depth, width=11, height=9):
        return random.integers(0, 2 ** depth, (height, width, channels))

    for depth in (1, 2, 4):
        stored = samples(1, depth)
        record(f"gray{depth}", "png", png(stored, "gray", depth), stored * 255 // (2 ** depth - 1),
               bit_depth=depth)
    for kind, channels in (("gray", 1), ("grayAlpha", 2), ("rgb", 3), ("rgba", 4)):
        for interlaced in (False, True):
            name = f"{kind}8" + "-interlaced" * interlaced
            stored = samples(channels, 8)
            record(name, "png", png(stored, kind, 8, interlaced=interlaced), stored,
                   progressive=int(interlaced))
        stored = samples(channels, 16)
        record(f"{kind}16", "png", png(stored, kind, 16), stored >> 8, bit_depth=16,
               notes="depthReduced")

    for depth in (1, 2, 4, 8):
        palette = random.integers(0, 256, (2 ** depth, 3)).astype(np.uint8)
        stored = samples(1, depth)
        colors = palette[stored[..., 0]]
        record(f"palette{depth}", "png",
               png(stored, "palette", depth, before=chunk(b"PLTE", palette.tobytes())), colors,
               bit_depth=depth)
        # The table of alphas may be shorter than the palette: the rest is opaque.
        alphas = np.full(2 ** depth, 255)
        alphas[:(2 ** depth) // 2] = random.integers(0, 256, (2 ** depth) // 2)
        table = alphas[:(2 ** depth) // 2].astype(np.uint8).tobytes()
        record(f"palette{depth}-alpha", "png",
               png(stored, "palette", depth, interlaced=True,
                   before=chunk(b"PLTE", palette.tobytes()) + chunk(b"tRNS", table)),
               np.concatenate([colors, alphas[stored]], axis=2), bit_depth=depth, progressive=1)

    for kind, channels, depth in (("gray", 1, 4), ("gray", 1, 8), ("gray", 1, 16), ("rgb", 3, 8),
                                  ("rgb", 3, 16)):
        stored = samples(channels, depth)
        clear = stored[3, 4].copy()
        if depth == 16:
            stored[0, 0] = clear ^ 1  # equal in the high byte only: stays opaque
        alpha = np.where((stored == clear).all(axis=2, keepdims=True), 0, 255)
        colors = stored >> 8 if depth == 16 else stored * 255 // (2 ** depth - 1)
        record(f"{kind}{depth}-transparent", "png",
               png(stored, kind, depth, before=chunk(b"tRNS", clear.astype(">u2").tobytes())),
               np.concatenate([colors, alpha], axis=2), bit_depth=depth,
               notes="depthReduced" if depth == 16 else "")

    stored = samples(3, 8, width=5, height=3)
    metadata = (
        ("gamma-unusual", chunk(b"gAMA", struct.pack(">I", 100_000)), b"", "gammaIgnored"),
        ("gamma-usual", chunk(b"gAMA", struct.pack(">I", 45_455)), b"", ""),
        ("animated", chunk(b"acTL", struct.pack(">II", 2, 0)), b"", "animationIgnored"),
        ("profile", chunk(b"iCCP", b"sRGB\0\0" + zlib.compress(bytes(500))), b"",
         "colorProfileIgnored"),
        # A text that unpacks to 32 MB.
        ("text-bomb", chunk(b"zTXt", b"Comment\0\0" + zlib.compress(bytes(1 << 25), 9)), b"", ""),
        ("chunk-unknown", chunk(b"abCd", b"?"), chunk(b"abCd", b"!"), ""),
    )
    for name, before, after, notes in metadata:
        record(name, "png", png(stored, "rgb", 8, before=before, after=after), stored, notes=notes)
    turned = stored.transpose(1, 0, 2)[:, ::-1]
    record("exif-before", "png", png(stored, "rgb", 8, before=chunk(b"eXIf", exif(6))), turned,
           orientation=6, notes="oriented")
    record("exif-after", "png", png(stored, "rgb", 8, after=chunk(b"eXIf", exif(6, ">"))), turned,
           orientation=6, notes="oriented")


# --- JPEG --------------------------------------------------------------------------------------------

def picture(width, height):
    """Smooth colours that differ in every corner."""
    x, y = np.meshgrid(np.linspace(0, 1, width), np.linspace(0, 1, height))
    return np.stack([255 * x, 255 * y, 127 + 127 * np.cos(5 * x + 3 * y)], axis=2).round().astype(np.uint8)


def write_jpegs():
    def save(image, name, facts=None, upright=None, **options):
        file = io.BytesIO()
        image.save(file, "JPEG", **options)
        back = Image.open(io.BytesIO(file.getvalue()))
        back = ImageOps.exif_transpose(back)
        pixels = np.asarray(back.convert("RGB") if back.mode == "CMYK" else back)
        # Versions of libjpeg differ by a code value or two in colour sampling.
        record(name, "jpg", file.getvalue(), pixels.reshape(*pixels.shape[:2], -1),
               tolerance=2, **(facts or {}))

    color = Image.fromarray(picture(37, 22))
    save(color.convert("L"), "jpeg-gray", quality=90)
    save(color, "jpeg-444", quality=90, subsampling=0)
    save(color, "jpeg-420", quality=90, subsampling=2)
    save(color, "jpeg-progressive", {"progressive": 1}, quality=90, progressive=True)
    save(color, "jpeg-restarts", quality=90, restart_marker_blocks=2)
    # Black ink too, which Pillow's own conversion to CMYK never uses.
    inks = np.dstack([picture(37, 22), picture(37, 22)[::-1, :, 0] // 2])
    save(Image.fromarray(inks, "CMYK"), "jpeg-cmyk", {"notes": "cmykConverted"}, quality=95)
    save(color, "jpeg-profile", {"notes": "colorProfileIgnored"}, quality=90, icc_profile=bytes(500))
    for orientation in range(1, 9):
        block = b"Exif\0\0" + exif(orientation, "<>"[orientation % 2])
        facts = {"orientation": orientation, "notes": "oriented" if orientation > 1 else ""}
        save(Image.fromarray(picture(24, 16)), f"jpeg-exif{orientation}", facts, quality=90, exif=block)


def main():
    GOLDEN.mkdir(parents=True, exist_ok=True)
    for old in GOLDEN.iterdir():
        if old.suffix in (".png", ".jpg", ".raw", ".csv"):
            old.unlink()
    write_pngs(np.random.default_rng(20))
    write_jpegs()
    with open(GOLDEN / "expected.csv", "w", newline="") as file:
        writer = csv.DictWriter(file, rows[0].keys(), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    for row in rows:
        if row["file"].endswith(".png"):
            check_against_pillow(row)


def check_against_pillow(row):
    """Our own PNG files are read by Pillow as meant, where Pillow can say it in 8 bits."""
    if row["file"] == "text-bomb.png":
        return  # refused by Pillow for its text
    image = ImageOps.exif_transpose(Image.open(GOLDEN / row["file"]))
    if image.mode.startswith("I") or "transparency" in image.info and row["bit_depth"] != 8:
        return
    mode = {"gray": "L", "grayAlpha": "LA", "rgb": "RGB", "rgba": "RGBA"}[row["layout"]]
    # Pillow knows no gray with 16-bit alpha and makes RGBA of it.
    found = np.asarray(image.convert("RGBA").convert(mode) if "A" in mode else image.convert(mode))
    meant = np.fromfile(GOLDEN / (row["file"][:-3] + "raw"), np.uint8)
    if not np.array_equal(found.reshape(-1), meant):
        sys.exit(f"{row['file']}: Pillow reads other pixels")


main()
