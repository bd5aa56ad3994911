"""Checks with ONNX Runtime that models which `tidemark train` leaves compute what Tidemark computes with them.

TIDEMARK is the command-line program, VALUES the program `values` of this package. Sixty pictures are drawn by
`tidemark samples`; every architecture learns from them for two epochs, with either optimiser, and so does
each network of --init. ONNX Runtime and both engines of Tidemark then get twenty of the pictures.

    python Scripts/peers/trained_models.py TIDEMARK VALUES [--init model.onnx ...] [--engines onednn portable]

Pictures are scaled to -1...1 in front of networks of --init.

One line for each model and engine with the error max|a - b| / max|b| of the logits. Needs numpy, onnx,
onnxruntime and pillow.
"""

import argparse
import json
import pathlib
import subprocess
import sys
import tempfile

import numpy as np
import onnx
import onnxruntime
from PIL import Image

TOLERANCE = 1e-5
PICTURES = 20

NEW = {
    "plain, sgd": ["--architecture", "plain", "--width", "8"],
    "plain, gray, adamw": ["--architecture", "plain", "--width", "8", "--gray", "--optimizer", "adamw"],
    "residual, sgd": ["--architecture", "residual", "--width", "8", "--average", "0.9"],
    "mobile, adamw": ["--architecture", "mobile", "--width", "8", "--optimizer", "adamw"],
}


def train(tidemark, world, options, path):
    subprocess.run(
        [tidemark, "train", world, "--epochs", "2", "--batch", "10", "--validation", "20", "--threads", "1",
         "--out", path, *options], check=True, capture_output=True)


def pictures(world, model):
    """Twenty pictures in the shape that a model declares, values 0...1."""
    _, channels, height, width = [
        extent.dim_value for extent in model.graph.input[0].type.tensor_type.shape.dim]
    found = []
    for entry in sorted(world.glob("pictures/*/*"))[::3][:PICTURES]:
        picture = Image.open(entry).convert("L" if channels == 1 else "RGB").resize((width, height))
        found.append(np.asarray(picture, np.float32).reshape(height, width, channels).transpose(2, 0, 1) / 255)
    return np.ascontiguousarray(found)


def scores(path, batch):
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    options.intra_op_num_threads = 1
    runner = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    return runner.run(None, {runner.get_inputs()[0].name: batch})[0]


def compare(values, world, path, engines, folder):
    """The error of each engine."""
    onnx.checker.check_model(str(path), full_check=True)
    model = onnx.load(path)
    labels = json.loads({entry.key: entry.value for entry in model.metadata_props}["labels"])
    batch = pictures(world, model)
    expected = scores(path, batch)
    assert len(batch) == PICTURES and expected.shape == (PICTURES, len(labels))
    np.save(folder / "input.npy", batch)
    np.save(folder / "targets.npy", np.zeros(PICTURES, np.int32))
    errors = {}
    for engine in engines:
        subprocess.run([values, path, folder / "input.npy", folder / "targets.npy", folder / engine, engine],
                       check=True, capture_output=True)
        found = np.load(folder / engine / "logits.npy")
        errors[engine] = float(np.abs(found - expected).max() / np.abs(expected).max())
    return errors


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("tidemark")
    parser.add_argument("values")
    parser.add_argument("--init", nargs="*", default=[])
    parser.add_argument("--engines", nargs="*", default=["onednn", "portable"])
    arguments = parser.parse_args()
    recipes = {name: ["--size", "48", *options] for name, options in NEW.items()}
    far = 0
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        world = folder / "world"
        subprocess.run([arguments.tidemark, "samples", "--out", world, "--count", "60", "--size", "64"],
                       check=True, capture_output=True)
        for path in arguments.init:
            recipes[path] = ["--init", path, "--preprocess", "tf", "--rate", "1e-3"]
        for number, (name, options) in enumerate(recipes.items()):
            path = folder / f"{number}.onnx"
            try:
                train(arguments.tidemark, world, options, path)
                errors = compare(arguments.values, world, path, arguments.engines, folder)
            except subprocess.CalledProcessError as failure:
                print(f"{name}: REFUSED: {failure.stderr.decode().strip().splitlines()[-1:]}", flush=True)
                far += 1
                continue
            for engine, error in errors.items():
                mark = "" if error < TOLERANCE else "  TOO FAR"
                far += bool(mark)
                print(f"{name}, {engine}: {error:.1e}{mark}", flush=True)
    sys.exit(1 if far else 0)


if __name__ == "__main__":
    main()
