"""Makes Tests/JobsTests/Golden/tiny.onnx: a network small enough to run a job in milliseconds.

Usage: python3 Scripts/goldens/jobs-tiny.py      (needs numpy and onnx)

16x16 RGB -> convolution 3x3, 6 maps, ReLU -> mean over positions -> dense, 4 classes.
Its weights are random, but drawn so that the four classes prefer red, green, blue and edges.
"""

from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

random = np.random.default_rng(7)
filters = random.normal(0, 0.05, (6, 3, 3, 3)).astype(np.float32)
for color in range(3):
    filters[color, color] += 0.2
    filters[color, (color + 1) % 3] -= 0.1
filters[3, :, :, 0] += 0.3
filters[3, :, :, 2] -= 0.3
head = random.normal(0, 0.3, (4, 6)).astype(np.float32)
for index in range(4):
    head[index, index] += 3
bias = np.array([0, 0.1, 0, 0.05], np.float32)

graph = helper.make_graph(
    [
        helper.make_node("Conv", ["input", "filters"], ["maps"], pads=[1, 1, 1, 1]),
        helper.make_node("Relu", ["maps"], ["active"]),
        helper.make_node("GlobalAveragePool", ["active"], ["means"]),
        helper.make_node("Flatten", ["means"], ["features"]),
        helper.make_node("Gemm", ["features", "head", "bias"], ["logits"], transB=1),
    ],
    "tiny",
    [helper.make_tensor_value_info("input", TensorProto.FLOAT, ["N", 3, 16, 16])],
    [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["N", 4])],
    [
        numpy_helper.from_array(filters, "filters"),
        numpy_helper.from_array(head, "head"),
        numpy_helper.from_array(bias, "bias"),
    ],
)
model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)])
model.ir_version = 8
onnx.checker.check_model(model)
folder = Path(__file__).resolve().parents[2] / "Tests/JobsTests/Golden"
onnx.save(model, folder / "tiny.onnx")
(folder / "tiny.labels.txt").write_text("red, ruby\ngreen\nblue, azure\nedge, rim\n")
