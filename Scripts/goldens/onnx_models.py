"""Makes the small ONNX models of Tests/NetworksTests/Golden/onnx with their reference values.

Each case is written twice at once: as nodes of an ONNX graph and as PyTorch operations in double
precision. ONNX Runtime has to agree with PyTorch on the output; stored are the input, the scores
before a final softmax, and the gradient of their weighted sum (weights 1, 2, 3, ...) at the input.

    python Scripts/goldens/onnx_models.py        (needs numpy, onnx, onnxruntime, torch)
"""

import pathlib

import numpy as np
import onnx
import onnxruntime
import torch
import torch.nn.functional as F
from onnx import TensorProto, helper, numpy_helper

FOLDER = pathlib.Path(__file__).resolve().parents[2] / "Tests/NetworksTests/Golden/onnx"
CASES = {}


def case(opset, shape=(2, 2, 9, 8), batch="N"):
    def register(build):
        CASES[build.__name__] = (build, opset, shape, batch)
        return build

    return register


class Graph:
    """A graph under construction; a value is a pair of its name and its torch tensor."""

    def __init__(self, seed):
        self.random = np.random.default_rng(seed)
        self.nodes, self.initializers = [], []

    def constant(self, array, name=None):
        name = name or f"c{len(self.initializers)}"
        array = np.asarray(array)
        self.initializers.append(numpy_helper.from_array(array, name))
        return name, torch.from_numpy(array.astype(np.float64)) if array.dtype.kind == "f" else None

    def weights(self, *shape, scale=0.5):
        return self.constant((self.random.standard_normal(shape) * scale).astype(np.float32))

    def integers(self, *values):
        return self.constant(np.array(values, dtype=np.int64))[0]

    def node(self, kind, inputs, value=None, /, **attributes):
        name = f"{kind.lower()}{len(self.nodes)}"
        inputs = [i if isinstance(i, str) else i[0] for i in inputs]
        self.nodes.append(helper.make_node(kind, inputs, [name], **attributes))
        return name, value

    def dense(self, x, classes=3):
        flat = self.node("Flatten", [x], x[1].flatten(1))
        w, b = self.weights(classes, flat[1].shape[1], scale=0.2), self.weights(classes)
        return self.node("Gemm", [flat, w, b], F.linear(flat[1], w[1], b[1]), transB=1)


@case(13)
def convolutions(g, x):
    w, b = g.weights(4, 2, 3, 3), g.weights(4)
    y = g.node("Conv", [x, w, b], F.conv2d(F.pad(x[1], (0, 1, 1, 1)), w[1], b[1], stride=2),
               auto_pad="SAME_UPPER", strides=[2, 2])
    w = g.weights(4, 2, 2, 2)
    y = g.node("Conv", [y, w], F.conv2d(F.pad(y[1], (1, 0, 1, 0)), w[1], groups=2),
               auto_pad="SAME_LOWER", group=2, kernel_shape=[2, 2])
    w = g.weights(4, 1, 3, 1)
    y = g.node("Conv", [y, w], F.conv2d(F.pad(y[1], (0, 0, 2, 3)), w[1], groups=4, dilation=(2, 1)),
               group=4, dilations=[2, 1], pads=[2, 0, 3, 0])
    w = g.weights(3, 4, 2, 2)
    y = g.node("Conv", [y, w], F.conv2d(y[1], w[1]), auto_pad="VALID")
    return g.dense(y)


@case(12)
def max_pools(g, x):
    y = g.node("MaxPool", [x], F.max_pool2d(x[1], 3, 2, 1, ceil_mode=True),
               kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1], ceil_mode=1)
    y = g.node("MaxPool", [y], F.max_pool2d(F.pad(y[1], (1, 0, 0, 1), value=-np.inf), (2, 2), 1),
               kernel_shape=[2, 2], pads=[0, 1, 1, 0])
    y = g.node("MaxPool", [y], F.max_pool2d(y[1], 2, 1, dilation=2),
               kernel_shape=[2, 2], dilations=[2, 2])
    return g.dense(y)


@case(13)
def average_pools(g, x):
    y = g.node("AveragePool", [x], F.avg_pool2d(x[1], 3, 2, 1, count_include_pad=False),
               kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1])
    y = g.node("AveragePool", [y], F.avg_pool2d(y[1], 2, 1, 1, count_include_pad=True),
               kernel_shape=[2, 2], pads=[1, 1, 1, 1], count_include_pad=1)
    y = g.node("AveragePool", [y], F.avg_pool2d(y[1], 2, 2, ceil_mode=True),
               kernel_shape=[2, 2], strides=[2, 2], ceil_mode=1)
    return g.dense(y)


@case(9)
def old_attributes(g, x):
    """Slice, Pad, Clip, Squeeze and Unsqueeze with attributes, Softmax over all that follows."""
    y = g.node("Slice", [x], x[1][:, :, 1:-1, 2:], axes=[2, 3], starts=[1, 2], ends=[-1, 2**31 - 1])
    y = g.node("Pad", [y], F.pad(y[1], (1, 0, 0, 2), value=0.25), mode="constant", value=0.25,
               pads=[0, 0, 0, 1, 0, 0, 2, 0])
    y = g.node("Clip", [y], y[1].clamp(-0.7, 0.9), min=-0.7, max=0.9)
    y = g.node("Softmax", [y], y[1].flatten(2).softmax(2).reshape(y[1].shape), axis=2)
    y = g.node("Unsqueeze", [y], y[1].unsqueeze(2), axes=[2])
    y = g.node("Squeeze", [y], y[1].squeeze(2), axes=[2])
    y = g.node("Dropout", [y], y[1], ratio=0.5)
    return g.dense((y[0], y[1]))


@case(18)
def new_inputs(g, x):
    """Slice with steps, Pad with axes, Clip with one bound, ReduceMean with axes as an input."""
    y = g.node("Slice", [x, g.integers(-1, 0), g.integers(-100, 2**62), g.integers(2, -1),
                         g.integers(-2, 3)], x[1].flip(2)[:, :, ::2, ::3])
    pads = g.constant(np.array([1, -1, 0, 2], dtype=np.int64))[0]
    value = g.constant(np.float32(-0.5))[0]
    y = g.node("Pad", [y, pads, value, g.integers(2, 3)],
               F.pad(F.pad(y[1], (-1, 0, 0, 0)), (0, 2, 1, 0), value=-0.5))
    high = g.constant(np.float32(0.8))[0]
    y = g.node("Clip", [y, "", high], y[1].clamp(max=0.8))
    w = g.weights(5, 2, 2, 2)
    y = g.node("Conv", [y, w], F.conv2d(y[1], w[1]))
    y = g.node("ReduceMean", [y, g.integers(3, 2)], y[1].mean((2, 3)), keepdims=0)
    return g.dense(y)


@case(17)
def axes(g, x):
    """Transposes, joins and reshapes with kept and free extents."""
    y = g.node("Transpose", [x], x[1].permute(0, 2, 3, 1), perm=[0, 2, 3, 1])
    y = g.node("Reshape", [y, g.integers(0, -1, 4)], y[1].reshape(y[1].shape[0], -1, 4))
    y = g.node("Softmax", [y], y[1].softmax(-1))
    y = g.node("Unsqueeze", [y, g.integers(-1)], y[1].unsqueeze(-1))
    z = g.node("Transpose", [y], y[1].permute(0, 3, 1, 2), perm=[0, 3, 1, 2])
    z = g.node("LogSoftmax", [z], z[1].log_softmax(2), axis=2)
    y = g.node("Reshape", [y, g.integers(-1, 1, 36, 4)], y[1].reshape(-1, 1, 36, 4))
    y = g.node("Concat", [y, z, y], torch.cat([y[1], z[1], y[1]], 1), axis=-3)
    return g.dense(y)


@case(13, batch=1, shape=(1, 2, 9, 8))
def traced(g, x):
    """What a tracing exporter leaves: shapes computed in the graph, at a fixed batch of 1."""
    w = g.weights(4, 2, 3, 3)
    y = g.node("Conv", [x, w], F.conv2d(x[1], w[1]), kernel_shape=[3, 3])
    y = g.node("Identity", [g.node("Relu", [y], F.relu(y[1]))], F.relu(y[1]))
    shape = g.node("Cast", [g.node("Shape", [y])], to=TensorProto.INT64)
    index = helper.make_tensor("index", TensorProto.INT64, [], [0])
    batch = g.node("Gather", [shape, g.node("Constant", [], value=index)], axis=0)
    batch = g.node("Unsqueeze", [batch, g.integers(0)])
    height = g.node("Slice", [shape, g.integers(2), g.integers(3), g.integers(0)])
    double = g.node("Mul", [height, g.integers(2)])
    both = g.node("Div", [g.node("Sub", [g.node("Add", [double, double]), double]), g.integers(1)])
    target = g.node("Concat", [batch, both, g.integers(-1)], axis=0)
    y = g.node("Reshape", [y, target], y[1].reshape(1, 14, -1))
    kernel = g.node("Transpose", [g.weights(5, 12)], perm=[1, 0])
    kernel = (kernel[0], g.initializers[-1])
    y = g.node("MatMul", [y, kernel], y[1] @ torch.from_numpy(
        numpy_helper.to_array(kernel[1]).astype(np.float64)).T)
    y = g.node("Reshape", [y, g.integers(1, 70)], y[1].reshape(1, 70))
    return g.dense(y)


@case(11)
def arithmetic(g, x):
    b = g.weights(2, 1, 1)
    y = g.node("Add", [x, b], x[1] + b[1])
    b = g.constant(np.float32(0.3))
    y = g.node("Sub", [b, y], b[1] - y[1])
    b = g.weights(1, 2, 9, 8)
    y = g.node("Mul", [y, b], y[1] * b[1])
    z = g.node("GlobalAveragePool", [y], y[1].mean((2, 3), keepdim=True))
    y = g.node("Mul", [y, z], y[1] * z[1])
    d = g.node("Add", [g.node("Mul", [x, x], x[1] * x[1]), g.constant(np.float32([1.5]))],
               x[1] * x[1] + 1.5)
    y = g.node("Div", [y, d], y[1] / d[1])
    y = g.node("Add", [y, y], y[1] + y[1])
    return g.dense(y)


@case(13)
def dense_forms(g, x):
    y = g.node("Flatten", [x], x[1].flatten(1), axis=-3)
    w, b = g.weights(144, 6, scale=0.1), g.weights(1, 6)
    y = g.node("Gemm", [y, w, b], 0.5 * (y[1] @ w[1]) + 2 * b[1], alpha=0.5, beta=2.0)
    y = g.node("Relu", [y], F.relu(y[1]))
    w, b = g.weights(5, 6), g.constant(np.float32(0.7))
    y = g.node("Gemm", [y, w, b], F.linear(y[1], w[1]) + b[1], transB=1)
    w, b = g.weights(5, 4), g.weights(4)
    y = g.node("Add", [g.node("MatMul", [y, w]), b], y[1] @ w[1] + b[1])
    return y


@case(9, batch=3, shape=(3, 2, 9, 8))
def normalized(g, x):
    """Batch normalisation at a fixed batch of 3, ending in a softmax over [N, K, 1, 1]."""
    gamma, beta, mean = g.weights(2), g.weights(2), g.weights(2)
    variance = g.constant(np.float32([0.4, 2.5]))
    y = g.node("BatchNormalization", [x, gamma, beta, mean, variance],
               F.batch_norm(x[1], mean[1], variance[1], gamma[1], beta[1], eps=1e-3), epsilon=1e-3)
    y = g.node("Reshape", [y, g.integers(3, 4, 6, 6)], y[1].reshape(3, 4, 6, 6))
    w = g.weights(3, 4, 6, 6)
    y = g.node("Conv", [y, w], F.conv2d(y[1], w[1]))
    g.scores = y[1].flatten(1)
    return g.node("Softmax", [y], y[1].softmax(1))


def interpolate(y, scale, mode, **options):
    """By the scale itself, as ONNX has it."""
    return F.interpolate(y, scale_factor=scale, mode=mode, recompute_scale_factor=False, **options)


@case(18)
def resized(g, x):
    """Resize by scales and sizes, in every mode that PyTorch has."""
    def scales(*values):
        return g.constant(np.array(values, dtype=np.float32))[0]

    y = g.node("Resize", [x, "", scales(1, 1, 1.5, 0.75)], interpolate(x[1], (1.5, 0.75), "bilinear"),
               mode="linear", coordinate_transformation_mode="pytorch_half_pixel")
    y = g.node("Resize", [y, "", "", g.integers(7, 9)],
               F.interpolate(y[1], size=(7, 9), mode="bilinear", align_corners=True),
               mode="linear", coordinate_transformation_mode="align_corners", axes=[2, 3])
    y = g.node("Resize", [y, "", "", g.integers(2, 11, 5)],
               F.interpolate(y[1], size=(11, 5), mode="bicubic"), mode="cubic", axes=[1, 2, 3])
    z = g.node("Resize", [y, "", "", g.integers(4, 7)],
               F.interpolate(y[1], size=(4, 7), mode="bilinear", antialias=True),
               mode="linear", antialias=1, exclude_outside=1, axes=[-2, -1])
    y = g.node("Resize", [y, "", scales(1, 1, 0.4, 1.5)], interpolate(y[1], (0.4, 1.5), "nearest"),
               mode="nearest", coordinate_transformation_mode="asymmetric", nearest_mode="floor")
    return g.dense(g.node("Mul", [y, z], y[1] * z[1]))


@case(9)
def upsampled(g, x):
    scales = g.constant(np.array([1, 1, 2, 3], dtype=np.float32))
    y = g.node("Upsample", [x, scales], interpolate(x[1], (2, 3), "nearest"), mode="nearest")
    w = g.weights(3, 2, 4, 6)
    y = g.node("Conv", [y, w], F.conv2d(y[1], w[1], stride=(4, 6)), strides=[4, 6])
    return g.dense(y)


@case(19)
def borders(g, x):
    y = g.node("Pad", [x, g.integers(0, 0, 3, 1, 0, 0, 2, 4)],
               F.pad(x[1], (1, 4, 3, 2), mode="reflect"), mode="reflect")
    y = g.node("Pad", [y, g.integers(2, -1, 0, 3), "", g.integers(-1, 2)],
               F.pad(y[1][:, :, 1:], (2, 0, 0, 3), mode="replicate"), mode="edge")
    y = g.node("Pad", [y, g.integers(2, 5, 1, 0), "", g.integers(2, 3)],
               F.pad(y[1], (5, 0, 2, 1), mode="circular"), mode="wrap")
    w = g.weights(3, 2, 5, 5, scale=0.2)
    return g.dense(g.node("Conv", [y, w], F.conv2d(y[1], w[1], stride=3), strides=[3, 3]))


@case(13)
def transposed_convolutions(g, x):
    w, b = g.weights(2, 4, 3, 3), g.weights(4)
    y = g.node("ConvTranspose", [x, w, b],
               F.conv_transpose2d(x[1], w[1], b[1], stride=2, padding=1, output_padding=1),
               strides=[2, 2], pads=[1, 1, 1, 1], output_padding=[1, 1])
    w, b = g.weights(4, 1, 2, 3), g.weights(2)
    y = g.node("ConvTranspose", [y, w, b],
               F.conv_transpose2d(y[1], w[1], b[1], groups=2, dilation=(2, 1))[:, :, 1:, :-1],
               group=2, dilations=[2, 1], pads=[1, 0, 0, 1])
    w = g.weights(2, 3, 4, 4, scale=0.2)
    y = g.node("ConvTranspose", [y, w], F.conv_transpose2d(y[1], w[1], stride=2, padding=1),
               strides=[2, 2], auto_pad="SAME_UPPER")
    return g.dense(g.node("AveragePool", [y], F.avg_pool2d(y[1], 5), kernel_shape=[5, 5],
                          strides=[5, 5]))


@case(18)
def lines(g, x):
    """Windows that slide over [N, C, L]."""
    y = g.node("Reshape", [x, g.integers(0, 2, 72)], x[1].reshape(-1, 2, 72))
    w, b = g.weights(4, 2, 3), g.weights(4)
    y = g.node("Conv", [y, w, b], F.conv1d(y[1], w[1], b[1], stride=2, padding=2, dilation=2),
               strides=[2], pads=[2, 2], dilations=[2])
    y = g.node("MaxPool", [y], F.max_pool1d(y[1], 3, 2, 1, ceil_mode=True),
               kernel_shape=[3], strides=[2], pads=[1, 1], ceil_mode=1)
    w = g.weights(4, 2, 4)
    y = g.node("ConvTranspose", [y, w], F.conv_transpose1d(y[1], w[1], stride=3, padding=1),
               strides=[3], pads=[1, 1])
    y = g.node("AveragePool", [y], F.avg_pool1d(y[1], 4, 3, 2), kernel_shape=[4], strides=[3],
               pads=[2, 2], count_include_pad=1)
    y = g.node("LpPool", [y], F.lp_pool1d(y[1].abs(), 3, 2, 2), kernel_shape=[2], strides=[2], p=3)
    return g.dense(y)


@case(13, shape=(2, 8, 4, 6))
def shuffled(g, x):
    """Channels to pixels and back, and whole planes pooled."""
    y = g.node("DepthToSpace", [x], F.pixel_shuffle(x[1], 2), blocksize=2, mode="CRD")
    m = g.node("GlobalMaxPool", [y], y[1].amax((2, 3), keepdim=True))
    n = g.node("GlobalLpPool", [y], y[1].square().sum((2, 3), keepdim=True).sqrt(), p=2)
    y = g.node("Mul", [g.node("Mul", [y, m], y[1] * m[1]), n], y[1] * m[1] * n[1])
    b, c, h, w = y[1].shape
    blocks = y[1].reshape(b, c, h // 4, 4, w // 4, 4).permute(0, 3, 5, 1, 2, 4)
    y = g.node("SpaceToDepth", [y], blocks.reshape(b, 16 * c, h // 4, w // 4), blocksize=4)
    v = y[1].reshape(b, 4, 4, 2, 2, 3).permute(0, 3, 4, 1, 5, 2).reshape(b, 2, 8, 12)
    y = g.node("DepthToSpace", [y], v, blocksize=4)
    return g.dense(y)


def main():
    FOLDER.mkdir(parents=True, exist_ok=True)
    for seed, (name, (build, opset, shape, batch)) in enumerate(CASES.items()):
        g = Graph(seed)
        array = g.random.standard_normal(shape).astype(np.float32)
        x = torch.from_numpy(array.astype(np.float64)).requires_grad_()
        output, value = build(g, ("input", x))
        scores = getattr(g, "scores", value)
        graph = helper.make_graph(
            g.nodes, name,
            [helper.make_tensor_value_info("input", TensorProto.FLOAT, [batch, *shape[1:]])],
            [helper.make_tensor_value_info(output, TensorProto.FLOAT, [batch, *value.shape[1:]])], g.initializers)
        model = helper.make_model(
            graph, opset_imports=[helper.make_opsetid("", opset)], producer_name="tidemark-goldens")
        model.ir_version = 8
        onnx.checker.check_model(model)
        session = onnxruntime.InferenceSession(model.SerializeToString())
        found = session.run(None, {"input": array})[0]
        error = np.abs(found - value.detach().numpy()).max() / np.abs(found).max()
        assert error < 1e-5, f"{name}: ONNX Runtime and PyTorch differ by {error}"
        (scores * torch.arange(1, scores.shape[1] + 1)).sum().backward()
        onnx.save(model, FOLDER / f"{name}.onnx")
        np.save(FOLDER / f"{name}.input.npy", array)
        np.save(FOLDER / f"{name}.scores.npy", scores.detach().numpy().astype(np.float32))
        np.save(FOLDER / f"{name}.gradient.npy", x.grad.numpy().astype(np.float32))
        print(f"{name}: {error:.1e}")


if __name__ == "__main__":
    main()
