"""Makes small classifiers in channels-last layout, in the manner in which tf2onnx converts TensorFlow models.

The input is [N, height, width, 3]. Convolutions and pools stand between two transpositions; biases,
folded normalisation, padding, concatenation, residual sums, squeeze-and-excitation and flattening happen in
channels-last order. The files are built with onnx.helper: TensorFlow is not needed.

    OUTPUT/<net>/input.npy        float32 [2, height, width, 3]
    OUTPUT/<net>/logits.npy       the values before the final Softmax, in double precision, stored as float32
    OUTPUT/<net>/targets.npy      int32 [2], the class with the highest score
    OUTPUT/<net>/grad_input.npy   gradient of each image's target score at the input, likewise
    OUTPUT/<net>/meta.json        the seeds, and the errors of the same computation in single precision
    OUTPUT/<net>/opset-<n>/model.onnx and meta.json (operators, error of ONNX Runtime)

The reference values are those of an interpreter in PyTorch, below, which runs the ONNX file itself. Errors
are max|a - b| / max|b|; ONNX Runtime has to agree on the scores. All opsets of a net hold the same weights.

    python Scripts/peers/channels_last_models.py OUTPUT

Needs numpy, onnx, onnxruntime and torch; the versions are noted in meta.json.
"""

import argparse
import collections
import json
import pathlib

import numpy as np
import onnx
import onnxruntime
import torch
from onnx import TensorProto, helper, numpy_helper
from torch.nn import functional as F

TO_CHANNELS_FIRST, TO_CHANNELS_LAST = [0, 3, 1, 2], [0, 2, 3, 1]
CLASSES = 20
CANDIDATES = 8
NETS = {}


def net(side, opsets, low=-1, high=1):
    def register(build):
        NETS[build.__name__] = (build, side, opsets, low, high)
        return build

    return register


# Graphs


class Graph:
    """A graph under construction; values are names, their channel counts are kept aside."""

    def __init__(self, opset, side):
        self.opset, self.side = opset, side
        self.random = np.random.default_rng(7)
        self.nodes, self.initializers = [], []
        self.channels = {"input_1": 3}

    def constant(self, array, kind=np.float32):
        name = f"const_fold_opt__{len(self.initializers)}"
        self.initializers.append(numpy_helper.from_array(np.asarray(array, dtype=kind), name))
        return name

    def integers(self, *values):
        return self.constant(values, np.int64)

    def noise(self, *shape, mean=0.0, scale=1.0):
        return self.constant(mean + scale * self.random.standard_normal(shape))

    def node(self, kind, *inputs, channels=None, **attributes):
        name = f"model/{kind.lower()}_{len(self.nodes)}:0"
        self.nodes.append(helper.make_node(kind, list(inputs), [name], name=name[:-2], **attributes))
        self.channels[name] = channels or self.channels.get(inputs[0])
        return name

    def first(self, x):
        return self.node("Transpose", x, perm=TO_CHANNELS_FIRST)

    def last(self, x):
        return self.node("Transpose", x, perm=TO_CHANNELS_LAST)

    def conv(self, x, channels, size, stride=1, group=1, padding="SAME_UPPER"):
        """A convolution without bias, its input and output channels last."""
        inputs = self.channels[x]
        if group > 1:
            channels, group = inputs, inputs
        fan = inputs // group * size * size
        w = self.noise(channels, inputs // group, size, size, scale=(2 / fan) ** 0.5)
        y = self.node("Conv", self.first(x), w, channels=channels, auto_pad=padding, group=group,
                      dilations=[1, 1], kernel_shape=[size, size], strides=[stride, stride])
        return self.last(y)

    def norm(self, x):
        """Batch normalisation folded to a product and a sum over the last axis."""
        count = self.channels[x]
        y = self.node("Mul", x, self.constant(self.random.uniform(0.7, 1.2, count)))
        return self.node("Add", y, self.noise(count, scale=0.2))

    def bias(self, x):
        return self.node("Add", x, self.noise(self.channels[x], scale=0.2))

    def clip(self, x, low, high):
        if self.opset < 11:
            return self.node("Clip", x, min=float(low), max=float(high))
        return self.node("Clip", x, self.constant(low), self.constant(high))

    def relu6(self, x):
        return self.clip(x, 0, 6)

    def relu(self, x):
        return self.node("Relu", x)

    def pad(self, x, top, left, bottom, right):
        pads = [0, top, left, 0, 0, bottom, right, 0]
        if self.opset < 11:
            return self.node("Pad", x, mode="constant", pads=pads, value=0.0)
        return self.node("Pad", x, self.integers(*pads), mode="constant")

    def mean(self, x, keep):
        if self.opset < 18:
            return self.node("ReduceMean", x, axes=[1, 2], keepdims=keep)
        return self.node("ReduceMean", x, self.integers(1, 2), keepdims=keep)

    def squeeze(self, x, *axes):
        if self.opset < 13:
            return self.node("Squeeze", x, axes=list(axes))
        return self.node("Squeeze", x, self.integers(*axes))

    def unsqueeze(self, x, *axes):
        if self.opset < 13:
            return self.node("Unsqueeze", x, axes=list(axes))
        return self.node("Unsqueeze", x, self.integers(*axes))

    def pool(self, kind, x, size, stride, padding, **attributes):
        y = self.node(kind, self.first(x), auto_pad=padding, kernel_shape=[size, size],
                      strides=[stride, stride], **attributes)
        return self.last(y)

    def dense(self, x, inputs, outputs, scale=2 ** 0.5):
        y = self.node("MatMul", x, self.noise(inputs, outputs, scale=scale * inputs ** -0.5),
                      channels=outputs)
        return self.bias(y)

    def softmax(self, x):
        return self.node("Softmax", x, axis=1 if self.opset < 13 else -1)

    def model(self, output):
        """The finished file; the node that makes `output` gives it a plain name."""
        producer = next(n for n in self.nodes if output in n.output)
        producer.output[0] = "predictions"
        given = helper.make_tensor_value_info("input_1", TensorProto.FLOAT,
                                              ["unk__1", self.side, self.side, 3])
        result = helper.make_tensor_value_info("predictions", TensorProto.FLOAT, ["unk__2", CLASSES])
        graph = helper.make_graph(self.nodes, "tf2onnx", [given], [result], self.initializers)
        model = helper.make_model(graph, producer_name="channels_last_models",
                                  opset_imports=[helper.make_opsetid("", self.opset)])
        model.ir_version = min(model.ir_version, 8)
        onnx.checker.check_model(model, full_check=True)
        return model


# Nets


@net(64, (9, 11, 13, 18))
def mobilenet(g, x):
    """Inverted residuals; one layer pads by itself, another is padded by a node of its own."""
    y = g.relu6(g.norm(g.conv(x, 16, 3, 2)))
    for channels, stride in ((16, 1), (24, 2), (24, 1), (40, 2), (40, 1)):
        start = y
        y = g.relu6(g.norm(g.conv(y, 4 * g.channels[y], 1)))
        if stride == 2:
            y = g.conv(g.pad(y, 0, 0, 1, 1), None, 3, 2, group=2, padding="VALID")
        else:
            y = g.conv(y, None, 3, group=2)
        y = g.norm(g.conv(g.relu6(g.norm(y)), channels, 1))
        if channels == g.channels[start] and stride == 1:
            y = g.node("Add", start, y)
    y = g.relu6(g.norm(g.conv(y, 96, 1)))
    y = g.squeeze(g.node("GlobalAveragePool", g.first(y)), 2, 3)
    return g.softmax(g.dense(y, 96, CLASSES, scale=6))


@net(97, (9, 11, 13, 18))
def resnet(g, x):
    """Bottlenecks with squeeze-and-excitation, whose weights are reshaped by arithmetic on shapes."""
    y = g.bias(g.conv(g.pad(x, 3, 3, 3, 3), 24, 7, 2, padding="VALID"))
    c = g.channels[y]
    y = g.node("BatchNormalization", g.first(y), g.constant(g.random.uniform(0.7, 1.2, c)),
               g.noise(c, scale=0.2), g.noise(c, scale=0.2), g.constant(g.random.uniform(0.8, 1.6, c)),
               epsilon=1.001e-5)
    y = g.pad(g.relu(g.last(y)), 1, 1, 1, 1)
    y = g.pool("MaxPool", y, 3, 2, "VALID")
    for channels, stride in ((48, 1), (48, 1), (80, 2), (80, 1)):
        start = y
        if channels != g.channels[y]:
            start = g.norm(g.conv(y, channels, 1, stride))
        y = g.relu(g.norm(g.conv(y, channels // 4, 1, stride)))
        y = g.relu(g.norm(g.conv(y, channels // 4, 3)))
        y = g.norm(g.conv(y, channels, 1))
        y = excite_by_shapes(g, y) if stride == 2 else excite(g, y)
        y = g.relu(g.node("Add", start, y))
    return g.softmax(g.dense(g.mean(y, 0), 80, CLASSES, scale=6))


def excite(g, x):
    y = g.mean(x, 1)
    y = g.bias(g.conv(y, g.channels[x] // 4, 1, padding="VALID"))
    y = g.node("Mul", y, g.node("Sigmoid", y))
    y = g.node("Sigmoid", g.bias(g.conv(y, g.channels[x], 1, padding="VALID")))
    return g.node("Mul", x, y)


def excite_by_shapes(g, x):
    """Keras' GlobalAveragePooling2D, Reshape((1, 1, channels)) and Multiply."""
    count = g.channels[x]
    y = g.mean(x, 0)
    size = g.node("Cast", g.node("Shape", y), to=TensorProto.INT32)
    if g.opset < 10:
        size = g.node("Slice", size, starts=[0], ends=[1], axes=[0])
    else:
        size = g.node("Slice", size, g.integers(0), g.integers(1), g.integers(0))
    size = g.unsqueeze(g.squeeze(size, 0), 0)
    size = g.node("Concat", size, g.constant([1], np.int32), g.constant([1], np.int32),
                  g.constant([count], np.int32), axis=0)
    y = g.node("Reshape", y, g.node("Cast", size, to=TensorProto.INT64), channels=count)
    y = g.relu(g.dense(y, count, count // 4))
    y = g.node("Sigmoid", g.dense(y, count // 4, count))
    return g.node("Mul", y, x, channels=count)


@net(75, (11, 13, 18))
def branches(g, x):
    """Concatenated branches, enlarged feature maps, and a dense layer on channels-last values."""
    y = g.relu(g.bias(g.conv(x, 20, 3, 2)))
    y = g.pool("MaxPool", y, 3, 2, "SAME_UPPER")
    parts = [g.relu(g.norm(g.conv(y, 16, 1))), g.relu(g.norm(g.conv(y, 12, 5))),
             g.relu(g.bias(g.conv(g.pool("AveragePool", y, 3, 1, "SAME_UPPER"), 8, 1)))]
    y = g.node("Concat", *parts, axis=3, channels=36)
    small = g.relu(g.norm(g.conv(y, 24, 3, 2)))
    nearest = g.node("Resize", small, g.constant([]), g.constant([1, 2, 2, 1]), mode="nearest",
                     coordinate_transformation_mode="asymmetric", nearest_mode="floor")
    tiny = g.node("LeakyRelu", g.norm(g.conv(small, 16, 3, 2)), alpha=0.2)
    size = g.node("Concat", prefix(g, tiny), g.integers(16, 20, 20), axis=0)
    linear = g.node("Resize", g.first(tiny), g.constant([]), g.constant([]), size, mode="linear",
                    coordinate_transformation_mode="half_pixel", channels=16)
    y = g.pad(y, 0, 0, 1, 1)
    y = g.node("Concat", y, nearest, g.last(linear), axis=-1, channels=76)
    y = g.relu(g.bias(g.conv(y, 16, 3, 2, padding="VALID")))
    y = g.node("Reshape", y, g.integers(-1, 9 * 9 * 16))
    y = g.relu(g.dense(y, 9 * 9 * 16, 64))
    return g.softmax(g.dense(g.node("Identity", y), 64, CLASSES, scale=3))


def prefix(g, x):
    """The batch size as a vector of one."""
    return g.node("Slice", g.node("Shape", x), g.integers(0), g.integers(1))


@net(64, (11, 13, 18), low=0, high=255)
def preprocessing(g, x):
    """Bytes as input: channels reversed and centred in the graph; hard swish; Flatten and Gemm."""
    end = g.integers(-(2**63) + 1)
    y = g.node("Slice", x, g.integers(-1), end, g.integers(3), g.integers(-1), channels=3)
    y = g.node("Sub", y, g.constant([103.939, 116.779, 123.68]))
    y = g.node("Div", y, g.constant(58.0))
    for channels in (16, 24, 32):
        y = g.norm(g.conv(y, channels, 3, 2))
        gate = g.relu6(g.node("Add", y, g.constant(3.0)))
        y = g.node("Mul", y, g.node("Mul", gate, g.constant(1 / 6)), channels=channels)
    y = g.pool("AveragePool", y, 2, 2, "VALID")
    y = g.node("Flatten", y, axis=1)
    count = 4 * 4 * 32
    y = g.node("Gemm", y, g.noise(count, CLASSES, scale=4 * count ** -0.5), g.noise(CLASSES, scale=0.2))
    return g.softmax(y)


# Interpreter


def same(size, kernel, stride):
    total = max((-(-size // stride) - 1) * stride + kernel - size, 0)
    return total // 2, total - total // 2


def padded(x, a, value):
    """`x` padded for a convolution or pool with the attributes `a`, which use no explicit pads here."""
    if a.get("auto_pad", b"NOTSET") != b"SAME_UPPER":
        assert not any(a.get("pads", [0]))
        return x
    rows, columns = (same(s, k, t) for s, k, t in zip(x.shape[2:], a["kernel_shape"], a["strides"]))
    return F.pad(x, (*columns, *rows), value=value)


def average(x, a):
    ones = torch.ones_like(x[:1, :1])
    sums, counts = (F.avg_pool2d(padded(v, a, 0.0), a["kernel_shape"], a["strides"], divisor_override=1)
                    for v in (x, ones))
    return sums / counts


def pad(x, a, i):
    pads = a["pads"] if "pads" in a else i[1].tolist()
    rank = len(pads) // 2
    return F.pad(x, [p for axis in reversed(range(rank)) for p in (pads[axis], pads[axis + rank])])


def cut(x, a, i):
    given = [a["starts"], a["ends"], a["axes"]] if "starts" in a else [v.tolist() for v in i[1:]]
    starts, ends, *rest = given
    axes = rest[0] if rest else range(len(starts))
    steps = rest[1] if len(rest) > 1 else [1] * len(starts)
    for start, end, axis, step in zip(starts, ends, axes, steps):
        size = x.shape[axis]
        if abs(end) > size:
            end = None
        x = x.index_select(axis, torch.tensor(range(size)[slice(start, end, step)]))
    return x


def resize(x, a, i):
    """Nearest by a whole factor with channels last, or linear to a given size with channels first."""
    if a["mode"] == b"nearest":
        rows, columns = (int(v) for v in i[2][1:3])
        return x.repeat_interleave(rows, 1).repeat_interleave(columns, 2)
    return F.interpolate(x, size=i[3].tolist()[2:], mode="bilinear", align_corners=False)


def axes_of(a, i):
    return a["axes"] if "axes" in a else i[1].tolist()


def squeeze(x, axes):
    for axis in sorted(axes, reverse=True):
        x = x.squeeze(axis)
    return x


def unsqueeze(x, axes):
    for axis in sorted(axes):
        x = x.unsqueeze(axis)
    return x


def limits(a, i):
    return (a["min"], a["max"]) if "min" in a else (float(i[1]), float(i[2]))


TYPES = {TensorProto.INT32: torch.int32, TensorProto.INT64: torch.int64}
OPERATORS = {
    "Add": lambda a, i: i[0] + i[1],
    "AveragePool": lambda a, i: average(i[0], a),
    "BatchNormalization": lambda a, i: F.batch_norm(i[0], i[3], i[4], i[1], i[2], eps=a["epsilon"]),
    "Cast": lambda a, i: i[0].to(TYPES[a["to"]]),
    "Clip": lambda a, i: i[0].clamp(*limits(a, i)),
    "Concat": lambda a, i: torch.cat(i, a["axis"]),
    "Conv": lambda a, i: F.conv2d(padded(i[0], a, 0.0), i[1], stride=a["strides"], groups=a["group"]),
    "Div": lambda a, i: i[0] / i[1],
    "Flatten": lambda a, i: i[0].flatten(a["axis"]),
    "Gemm": lambda a, i: i[0] @ i[1] + i[2],
    "GlobalAveragePool": lambda a, i: i[0].mean((2, 3), keepdim=True),
    "Identity": lambda a, i: i[0],
    "LeakyRelu": lambda a, i: F.leaky_relu(i[0], a["alpha"]),
    "MatMul": lambda a, i: i[0] @ i[1],
    "MaxPool": lambda a, i: F.max_pool2d(padded(i[0], a, -torch.inf), a["kernel_shape"], a["strides"]),
    "Mul": lambda a, i: i[0] * i[1],
    "Pad": lambda a, i: pad(i[0], a, i),
    "ReduceMean": lambda a, i: i[0].mean(axes_of(a, i), keepdim=bool(a["keepdims"])),
    "Relu": lambda a, i: i[0].relu(),
    "Reshape": lambda a, i: i[0].reshape(i[1].tolist()),
    "Resize": lambda a, i: resize(i[0], a, i),
    "Shape": lambda a, i: torch.tensor(i[0].shape),
    "Sigmoid": lambda a, i: i[0].sigmoid(),
    "Slice": lambda a, i: cut(i[0], a, i),
    "Squeeze": lambda a, i: squeeze(i[0], axes_of(a, i)),
    "Sub": lambda a, i: i[0] - i[1],
    "Transpose": lambda a, i: i[0].permute(a["perm"]),
    "Unsqueeze": lambda a, i: unsqueeze(i[0], axes_of(a, i)),
}


def run(model, batch):
    """The values before the final Softmax, in the precision of `batch`."""
    values = {model.graph.input[0].name: batch}
    for initializer in model.graph.initializer:
        value = torch.from_numpy(numpy_helper.to_array(initializer).copy())
        values[initializer.name] = value.to(batch.dtype) if value.is_floating_point() else value
    for node in model.graph.node:
        if node.op_type == "Softmax":
            return values[node.input[0]]
        attributes = {a.name: helper.get_attribute_value(a) for a in node.attribute}
        values[node.output[0]] = OPERATORS[node.op_type](attributes, [values[i] for i in node.input])
    raise ValueError("no Softmax at the end")


# References


def images(seed, side, low, high):
    """One smooth random image, channels last."""
    generator = torch.Generator().manual_seed(seed)
    total = torch.zeros(1, 3, side, side)
    for cells, weight in ((4, 0.8), (9, 0.6), (24, 0.35), (40, 0.15)):
        for channels, share in ((1, 0.8), (3, 0.6)):
            noise = torch.randn(1, channels, cells, cells, generator=generator)
            total += weight * share * F.interpolate(noise, size=side, mode="bicubic", align_corners=False)
    return (low + (high - low) * (0.5 + 0.25 * total).clamp(0, 1)).permute(0, 2, 3, 1).contiguous()


def scores_and_gradient(model, batch, targets=None):
    batch = batch.clone().requires_grad_()
    scores = run(model, batch)
    targets = scores.argmax(1) if targets is None else targets
    scores.gather(1, targets[:, None]).sum().backward()
    return scores.detach(), batch.grad, targets


def error(a, b):
    a, b = np.asarray(a, np.float64), np.asarray(b, np.float64)
    return float(np.abs(a - b).max() / np.abs(b).max())


def compare(model, batch):
    scores, gradient, targets = scores_and_gradient(model, batch.double())
    plain = scores_and_gradient(model, batch, targets)
    return scores, gradient, targets, {
        "logits_f32_err": error(plain[0], scores),
        "grad_f32_err": max(error(p, g) for p, g in zip(plain[1], gradient)),
    }


def runtime_scores(model, batch):
    """What ONNX Runtime computes for the values before the final Softmax."""
    extended = onnx.ModelProto()
    extended.CopyFrom(model)
    name = next(n.input[0] for n in model.graph.node if n.op_type == "Softmax")
    extended.graph.output.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, None))
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(extended.SerializeToString(), options,
                                           providers=["CPUExecutionProvider"])
    return session.run([name], {"input_1": batch.numpy()})[0]


def make(name, output):
    build, side, opsets, low, high = NETS[name]
    folder = output / name
    models = {}
    for opset in opsets:
        graph = Graph(opset, side)
        models[opset] = graph.model(build(graph, "input_1"))
    model = models[opsets[-1]]
    candidates = [images(seed, side, low, high) for seed in range(CANDIDATES)]
    ranked = sorted(range(CANDIDATES), key=lambda s: compare(model, candidates[s])[3]["grad_f32_err"])
    seeds = ranked[:2]
    batch = torch.cat([candidates[s] for s in seeds])
    scores, gradient, targets, errors = compare(model, batch)
    for opset, variant in models.items():
        target = folder / f"opset-{opset}"
        target.mkdir(parents=True, exist_ok=True)
        onnx.save(variant, target / "model.onnx")
        again = scores_and_gradient(variant, batch.double())
        assert torch.equal(again[0], scores) and torch.equal(again[1], gradient), f"{name}: opsets differ"
        save(target / "meta.json", {
            "model": name, "opset": opset, "exporter": "onnx.helper, as tf2onnx",
            "input_shape": ["batch", side, side, 3], "layout": "NHWC",
            "operators": dict(sorted(collections.Counter(n.op_type for n in variant.graph.node).items())),
            "ort_err": (ort := error(runtime_scores(variant, batch), scores)),
        })
        print(f"{name}/opset-{opset}: {len(variant.graph.node)} nodes, ort_err {ort:.1e}", flush=True)
    np.save(folder / "input.npy", batch.numpy())
    np.save(folder / "logits.npy", scores.numpy().astype(np.float32))
    np.save(folder / "targets.npy", targets.numpy().astype(np.int32))
    np.save(folder / "grad_input.npy", gradient.numpy().astype(np.float32))
    meta = {
        "model": name, "input_shape": list(batch.shape), "layout": "NHWC", "image_seeds": seeds, **errors,
        "logits_std": float(scores.std(1).mean()),
        "logits_difference": float((scores[0] - scores[1]).std() / scores.std(1).mean()),
        "grad_max": float(gradient.abs().max()),
        "versions": {"torch": torch.__version__, "onnx": onnx.__version__,
                     "onnxruntime": onnxruntime.__version__, "numpy": np.__version__},
    }
    save(folder / "meta.json", meta)
    print(f"{name}: std {meta['logits_std']:.2f}, difference {meta['logits_difference']:.2f}, grad "
          f"{meta['grad_max']:.2g}; errors in float32: logits {errors['logits_f32_err']:.1e}, gradient "
          f"{errors['grad_f32_err']:.1e}", flush=True)


def save(path, value):
    path.write_text(json.dumps(value, indent=2) + "\n")


def main():
    parser = argparse.ArgumentParser(description="Makes channels-last models with reference values.")
    parser.add_argument("output", type=pathlib.Path)
    parser.add_argument("--nets", nargs="+", default=list(NETS), choices=list(NETS), metavar="NAME")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    for name in arguments.nets:
        make(name, arguments.output)


if __name__ == "__main__":
    main()
