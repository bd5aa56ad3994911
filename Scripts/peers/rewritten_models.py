"""Checks with ONNX Runtime that networks which Tidemark has written compute what their originals do.

VALUES is the program `values` of this package, which reads a model and writes it again; both files are run
by ONNX Runtime on the same pictures. A softmax that Tidemark takes off the end is taken off by comparing
logarithms up to a constant.

    python Scripts/peers/rewritten_models.py VALUES model.onnx ...

One line for each file with the error max|a - b| / max|b| of the scores. Needs numpy, onnx and onnxruntime.
"""

import argparse
import pathlib
import subprocess
import sys
import tempfile

import numpy as np
import onnx
import onnxruntime

TOLERANCE = 1e-4


def session(path):
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def pictures(path):
    """One picture of smooth noise in the shape that a file declares; open extents become 1 and 64."""
    shape = [d.dim_value if d.dim_value > 0 else None
             for d in onnx.load(path, load_external_data=False).graph.input[0].type.tensor_type.shape.dim]
    shape = [1] + [64 if extent is None else extent for extent in shape[1:]]
    return np.random.default_rng(1).uniform(0, 1, shape).astype(np.float32)


def scores(path, picture):
    runner = session(path)
    return runner.run(None, {runner.get_inputs()[0].name: picture})[0].reshape(len(picture), -1)


def error(found, expected):
    return float(np.abs(found - expected).max() / max(np.abs(expected).max(), 1e-12))


def compare(values, path):
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        picture = pictures(path)
        last = picture.shape[3] in (1, 3, 4) and picture.shape[1] >= 8
        first = np.ascontiguousarray(picture.transpose(0, 3, 1, 2)) if last else picture
        np.save(folder / "input.npy", first)
        np.save(folder / "targets.npy", np.zeros(1, np.int32))
        subprocess.run([values, path, folder / "input.npy", folder / "targets.npy", folder / "out",
                        "--onnx", folder / "again.onnx"], check=True, stderr=subprocess.DEVNULL)
        onnx.checker.check_model(str(folder / "again.onnx"), full_check=True)
        found, expected = scores(folder / "again.onnx", first), scores(path, picture)
        own = np.load(folder / "out" / "logits.npy").reshape(1, -1)
        if abs(expected.sum() - 1) < 1e-3 and expected.min() >= 0:
            found = np.exp(found - found.max()) / np.exp(found - found.max()).sum()
            own = np.exp(own - own.max()) / np.exp(own - own.max()).sum()
        return error(found, expected), error(own, expected)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("values")
    parser.add_argument("models", nargs="+")
    arguments = parser.parse_args()
    far = 0
    for path in arguments.models:
        try:
            rewritten, own = compare(arguments.values, path)
        except subprocess.CalledProcessError:
            print(f"{path}: REFUSED", flush=True)
            far += 1
            continue
        mark = "" if max(rewritten, own) < TOLERANCE else "  TOO FAR"
        far += bool(mark)
        print(f"{path}: rewritten {rewritten:.1e}  tidemark {own:.1e}{mark}", flush=True)
    sys.exit(1 if far else 0)


if __name__ == "__main__":
    main()
