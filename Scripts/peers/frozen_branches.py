"""Compares Tidemark's gradients with double precision that takes the same branches.

A deep network with kinks (ReLU, Clip, HardSwish, HardSigmoid, LeakyReLU, maxima) has a gradient that jumps:
where a value lies within rounding of a kink, single precision takes one side and double precision may take
the other, and every such element changes the gradient by far more than rounding does. PyTorch in single
precision is then just as far from PyTorch in double precision. That says nothing about the derivatives of
the layers, so this script takes the jumps out: it evaluates the ONNX file in double precision, but every
kink takes the piece, and every window of a maximum the winner, that the values of Tidemark's own pass select.
What is left is an error of arithmetic.

A folder of nets is what torchvision_models.py and channels_last_models.py write:

    NETS/<net>/input.npy, targets.npy, logits.npy, grad_input.npy
    NETS/<net>/<variant>/model.onnx

DUMP is the program `values` of this package: `values model.onnx input.npy targets.npy FOLDER ENGINE` writes
logits.npy and grad_input.npy to FOLDER, and kinks.json, which names for the output of every layer with a
kink the file that holds the input of that layer, all images together. Layers that it leaves out, because
Tidemark has merged or renamed them, take the branches of double precision, and are listed. It gets images
with channels first, also where the net (by the layout in its meta.json) takes them last.

    python Scripts/peers/frozen_branches.py DUMP NETS [--nets resnet18 ...] [--variants torchscript ...]
        [--engines onednn portable] [--results FILE]

One line for each file and engine, with errors max|a - b| / max|b|, the larger one of the images:

    logits    of Tidemark's scores
    values    of Tidemark's values before kinks, the worst layer
    plain     of Tidemark's gradient, against the reference in grad_input.npy
    frozen    of Tidemark's gradient, against double precision on the same branches
    torch     of PyTorch's gradient in single precision on the same branches: what rounding alone does
    here      of this script in double precision on its own branches, against grad_input.npy: its check
    other     elements whose branch in double precision is not Tidemark's; how many layers hold them

Lines end with TOO FAR where `frozen` exceeds the tolerance. Needs numpy, onnx, onnxruntime and torch.
"""

import argparse
import itertools
import json
import math
import pathlib
import subprocess
import sys
import tempfile

import channels_last_models as basic
import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper
from torch.nn import functional as F

TOLERANCE = 1e-4

# Kinks


def halves(low, high):
    return lambda a, i: (lambda x: x > 0, [low(a, i), high(a, i)])


def between(x, low, high):
    """Which of three pieces; on a bound, a value belongs outside, as in Tidemark."""
    return (x > low).int() + (x >= high).int()


def clip(a, i):
    low, high = bounds(a, i)
    return lambda x: between(x, low, high), [low, i[0], high]


def bounds(a, i):
    """The limits of a Clip, attributes until opset 10 and inputs since; absent ones are infinite."""
    inputs = [None if v is None else float(v) for v in (*i[1:], None, None)[:2]]
    low, high = (a.get(key, v) for key, v in zip(("min", "max"), inputs))
    return (-math.inf if low is None else low), (math.inf if high is None else high)


def hard_sigmoid(a, i):
    alpha, beta = a.get("alpha", 0.2), a.get("beta", 0.5)
    return lambda x: between(alpha * x + beta, 0, 1), [0.0, alpha * i[0] + beta, 1.0]


def hard_swish(a, i):
    return lambda x: between(x, -3, 3), [0.0, i[0] * (i[0] + 3) / 6, i[0]]


# By operator: which piece a value belongs to, and what the pieces are.
KINKS = {
    "Abs": halves(lambda a, i: -i[0], lambda a, i: i[0]),
    "Clip": clip,
    "HardSigmoid": hard_sigmoid,
    "HardSwish": hard_swish,
    "LeakyRelu": halves(lambda a, i: a.get("alpha", 0.01) * i[0], lambda a, i: i[0]),
    "PRelu": halves(lambda a, i: i[1] * i[0], lambda a, i: i[0]),
    "Relu": halves(lambda a, i: 0.0, lambda a, i: i[0]),
}


class Branches:
    """The branches that Tidemark took for one image of a batch, and what was seen of them."""

    def __init__(self, folder, image):
        names = json.loads((folder / "kinks.json").read_text())
        self.inputs = {name: np.load(folder / file, mmap_mode="r")[image:image + 1]
                       for name, file in names.items()}
        self.used, self.missing, self.other, self.values = set(), [], {}, 0.0

    def inputs_of(self, name, x):
        """Tidemark's values for `x`, the input of the layer `name`; `x` itself if there are none.

        Tidemark may hold them in another order of axes: the order is the one that agrees best.
        """
        x = x.detach()
        if name not in self.inputs:
            self.missing.append(name)
            return x
        given = torch.from_numpy(np.array(self.inputs[name])).to(x.dtype)
        orders = [given.permute(0, *order) for order in itertools.permutations(range(1, given.dim()))]
        orders = [g for g in orders if g.shape == x.shape] or [given.reshape(x.shape)]
        distances = [float((g - x).abs().max()) for g in orders]
        nearest = min(range(len(orders)), key=distances.__getitem__)
        self.used.add(name)
        self.values = max(self.values, distances[nearest] / float(x.abs().max()))
        return orders[nearest].contiguous()

    def count(self, name, differing):
        if count := int(differing.sum()):
            self.other[name] = count


def kink(kind, a, i, name, branches):
    piece_of, pieces = KINKS[kind](a, i)
    taken = own = piece_of(i[0].detach()).int()
    if branches:
        taken = piece_of(branches.inputs_of(name, i[0])).int()
        branches.count(name, taken != own)
    result = torch.zeros_like(i[0])
    for index, piece in enumerate(pieces):
        result = torch.where(taken == index, piece, result)
    return result


def maximum(a, i, name, branches):
    """A maximum over windows; of equal values, the first one wins."""
    x, ceiling = i[0], bool(a.get("ceil_mode", 0))
    pads = window_pads(x, a)
    assert len(pads) == 4 and all(d == 1 for d in a.get("dilations", [1]))
    even = pads[:2] == pads[2:]

    def ready(v):
        return v.contiguous() if even else padded(v, a, -torch.inf)

    def winners(v):
        return F.max_pool2d(ready(v), a["kernel_shape"], a.get("strides", 1), pads[:2] if even else 0,
                            ceil_mode=ceiling, return_indices=True)[1]

    flat = ready(x).flatten(2)
    taken = own = winners(x.detach())
    if branches:
        taken = winners(branches.inputs_of(name, x))
        here, there = (flat.detach().gather(2, w.flatten(2)) for w in (own, taken))
        branches.count(name, here != there)
    return flat.gather(2, taken.flatten(2)).reshape(taken.shape)


# Operators


def window_pads(x, a):
    """Rows before, columns before, rows after, columns after."""
    mode = a.get("auto_pad", b"NOTSET")
    if mode in (b"NOTSET", b"VALID"):
        return list(a.get("pads", [0] * 2 * len(a["kernel_shape"])))
    pairs = [basic.same(*v) for v in zip(x.shape[2:], a["kernel_shape"], a.get("strides", [1, 1]))]
    if mode == b"SAME_LOWER":
        pairs = [pair[::-1] for pair in pairs]
    return [p[0] for p in pairs] + [p[1] for p in pairs]


def padded(x, a, value):
    pads = window_pads(x, a)
    return F.pad(x, (pads[1], pads[3], pads[0], pads[2]), value=value) if any(pads) else x


def conv(a, i):
    a = {"kernel_shape": i[1].shape[2:], **a}
    return F.conv2d(padded(i[0], a, 0.0), i[1], i[2] if len(i) > 2 else None, a.get("strides", 1),
                    dilation=a.get("dilations", 1), groups=a.get("group", 1))


def average(a, i):
    assert not a.get("ceil_mode", 0)
    ones = torch.ones_like(i[0][:1, :1])
    outside = float(a.get("count_include_pad", 0))
    size, stride = a["kernel_shape"], a.get("strides", 1)
    sums, counts = (F.avg_pool2d(padded(v, a, fill), size, stride, divisor_override=1)
                    for v, fill in ((i[0], 0.0), (ones, outside)))
    return sums / counts


def batch_norm(a, i):
    return F.batch_norm(i[0], i[3], i[4], i[1], i[2], eps=a.get("epsilon", 1e-5))


def gemm(a, i):
    x = i[0].mT if a.get("transA", 0) else i[0]
    w = i[1].mT if a.get("transB", 0) else i[1]
    y = a.get("alpha", 1.0) * (x @ w)
    return y + a.get("beta", 1.0) * i[2] if len(i) > 2 else y


def divide(a, i):
    return torch.div(*i, rounding_mode=None if i[0].is_floating_point() else "trunc")


def reshape(a, i):
    sizes = i[1].tolist()
    if not a.get("allowzero", 0):
        sizes = [i[0].shape[k] if s == 0 else s for k, s in enumerate(sizes)]
    return i[0].reshape(sizes)


def squeeze(a, i):
    x = i[0]
    given = a["axes"] if "axes" in a else i[1].tolist() if len(i) > 1 else None
    axes = [k for k, s in enumerate(x.shape) if s == 1] if given is None else [k % x.dim() for k in given]
    return basic.squeeze(x, axes)


def unsqueeze(a, i):
    axes = basic.axes_of(a, i)
    return basic.unsqueeze(i[0], [k % (i[0].dim() + len(axes)) for k in axes])


def cut(a, i):
    x, starts, ends = i[0], *([a["starts"], a["ends"]] if "starts" in a else [v.tolist() for v in i[1:3]])
    given = [None if v is None else v.tolist() for v in (*i[3:], None, None)[:2]]
    axes = a.get("axes", given[0]) or range(len(starts))
    for start, end, axis, step in zip(starts, ends, axes, given[1] or [1] * len(starts)):
        size = x.shape[axis]
        if step < 0:
            start, end = min(start, size - 1), None if end < -size else end
        x = x.index_select(axis, torch.tensor(range(size)[slice(start, end, step)], dtype=torch.int64))
    return x


def mean(a, i):
    axes = a["axes"] if "axes" in a else i[1].tolist() if len(i) > 1 else list(range(i[0].dim()))
    return i[0].mean(axes, keepdim=bool(a.get("keepdims", 1)))


def gather(a, i):
    axis = a.get("axis", 0) % i[0].dim()
    index = i[1] % i[0].shape[axis]
    taken = i[0].index_select(axis, index.flatten())
    return taken.reshape((*i[0].shape[:axis], *index.shape, *i[0].shape[axis + 1:]))


def scatter(a, i):
    assert a.get("reduction", b"none") == b"none"
    return i[0].index_put(tuple(i[1].unbind(-1)), i[2])


def expand(a, i):
    return i[0].expand(torch.broadcast_shapes(i[0].shape, tuple(i[1].tolist())))


def layer_norm(a, i):
    axis = a.get("axis", -1) % i[0].dim()
    return F.layer_norm(i[0], i[0].shape[axis:], i[1], i[2] if len(i) > 2 else None, a.get("epsilon", 1e-5))


def shape(a, i):
    sizes = list(i[0].shape)
    return torch.tensor(sizes[a.get("start", 0):a.get("end", len(sizes))], dtype=torch.int64)


def split(a, i):
    axis = a.get("axis", 0)
    if "split" in a or len(i) > 1:
        return tuple(i[0].split(a["split"] if "split" in a else i[1].tolist(), axis))
    return tuple(i[0].split(-(-i[0].shape[axis] // a["num_outputs"]), axis))


OPERATORS = {
    **basic.OPERATORS,
    "AveragePool": average,
    "BatchNormalization": batch_norm,
    "CastLike": lambda a, i: i[0].to(i[1].dtype),
    "Conv": conv,
    "Div": divide,
    "Einsum": lambda a, i: torch.einsum(a["equation"].decode(), *i),
    "Equal": lambda a, i: i[0] == i[1],
    "Erf": lambda a, i: i[0].erf(),
    "Expand": expand,
    "Flatten": lambda a, i: i[0].reshape(math.prod(i[0].shape[:a.get("axis", 1)]), -1),
    "Gather": gather,
    "Gelu": lambda a, i: F.gelu(i[0], approximate=a.get("approximate", b"none").decode()),
    "Gemm": gemm,
    "LayerNormalization": layer_norm,
    "Mod": lambda a, i: torch.remainder(*i),
    "Not": lambda a, i: ~i[0],
    "Pow": lambda a, i: i[0] ** i[1],
    "Range": lambda a, i: torch.arange(*(v.item() for v in i), dtype=i[0].dtype),
    "ReduceMean": mean,
    "Reshape": reshape,
    "ScatterND": scatter,
    "SequenceAt": lambda a, i: i[0][int(i[1])],
    "Shape": shape,
    "Softmax": lambda a, i: i[0].softmax(a.get("axis", -1)),
    "Slice": cut,
    "Split": split,
    "SplitToSequence": lambda a, i: list(i[0].split(i[1].tolist(), a.get("axis", 0))),
    "Sqrt": lambda a, i: i[0].sqrt(),
    "Squeeze": squeeze,
    "Tanh": lambda a, i: i[0].tanh(),
    "Unsqueeze": unsqueeze,
    "Where": lambda a, i: torch.where(*i),
}
TYPES = {TensorProto.BOOL: torch.bool, TensorProto.INT32: torch.int32, TensorProto.INT64: torch.int64}


class File:
    """An ONNX file, run in the precision of its input."""

    def __init__(self, path):
        self.graph = onnx.load(path).graph
        given = {i.name for i in self.graph.initializer}
        self.input = next(i.name for i in self.graph.input if i.name not in given)
        self.scores = self.graph.output[0].name
        last = next(n for n in self.graph.node if self.scores in n.output)
        if last.op_type == "Softmax":
            self.scores = last.input[0]
        self.attributes = [{a.name: helper.get_attribute_value(a) for a in n.attribute}
                           for n in self.graph.node]
        self.constants = {}

    def __call__(self, image, branches=None):
        """The scores before a final Softmax, on the branches of Tidemark if they are given."""
        values = {self.input: image, **self.initial(image.dtype)}
        for node, attributes in zip(self.graph.node, self.attributes):
            inputs = [values[name] if name else None for name in node.input]
            results = self.results(node, attributes, inputs, image.dtype, branches)
            values.update(zip(node.output, results if isinstance(results, tuple) else (results,)))
            if self.scores in node.output:
                return values[self.scores]
        raise ValueError(f"nothing makes {self.scores}")

    def initial(self, precision):
        if precision not in self.constants:
            self.constants = {precision: {i.name: converted(i, precision) for i in self.graph.initializer}}
        return self.constants[precision]

    def results(self, node, a, i, precision, branches):
        match node.op_type:
            case kind if kind in KINKS and i[0].is_floating_point():
                return kink(kind, a, i, node.output[0], branches)
            case "MaxPool":
                return maximum(a, i, node.output[0], branches)
            case "Constant":
                return constant(a, precision)
            case "ConstantOfShape":
                value = converted(a["value"], precision) if "value" in a else torch.zeros(1, dtype=precision)
                return value.reshape(()).repeat(i[0].tolist())
            case "Cast":
                return i[0].to(TYPES.get(a["to"], precision))
            case kind:
                return OPERATORS[kind](a, i)


def converted(tensor, precision):
    value = torch.from_numpy(numpy_helper.to_array(tensor).copy())
    return value.to(precision) if value.is_floating_point() else value


def constant(a, precision):
    if "value" in a:
        return converted(a["value"], precision)
    value = torch.tensor(next(iter(a.values())))
    return value.to(precision) if value.is_floating_point() else value


# Comparison


def scores_and_gradient(file, image, target, branches=None):
    image = image.clone().requires_grad_()
    scores = file(image, branches)
    scores[0, target].backward()
    return scores.detach()[0].numpy(), image.grad[0].numpy()


def compare(dump, folder, variant, engine, output):
    """The line of a file and an engine, and whether the gradient is near enough."""
    path = folder / variant / "model.onnx"
    images = np.load(folder / "input.npy")
    last = json.loads((folder / "meta.json").read_text()).get("layout") == "NHWC"
    np.save(output / "input.npy", np.ascontiguousarray(np.moveaxis(images, -1, 1)) if last else images)
    command = [dump, path, output / "input.npy", folder / "targets.npy", output, engine]
    finished = subprocess.run(command, capture_output=True, text=True)
    if finished.returncode:
        return f"not read: {refusal(finished.stderr)}", True
    batch = torch.from_numpy(images)
    targets = np.load(folder / "targets.npy")
    reference = np.load(folder / "grad_input.npy")
    scores, gradient = np.load(output / "logits.npy"), np.load(output / "grad_input.npy")
    gradient = np.moveaxis(gradient, 1, -1) if last else gradient
    file = File(path)
    worst, other = dict.fromkeys(("logits", "values", "plain", "frozen", "torch", "here"), 0.0), {}

    def note(name, value):
        worst[name] = max(worst[name], value) if value == value else value

    for image, target in enumerate(targets):
        single = batch[image:image + 1]
        branches = Branches(output, image)
        exact = scores_and_gradient(file, single.double(), target, branches)
        own = scores_and_gradient(file, single.double(), target)
        rounded = scores_and_gradient(file, single, target, Branches(output, image))
        note("logits", basic.error(scores[image].reshape(-1), exact[0]))
        note("values", branches.values)
        note("plain", basic.error(gradient[image], reference[image]))
        note("frozen", basic.error(gradient[image], exact[1]))
        note("torch", basic.error(rounded[1], exact[1]))
        note("here", basic.error(own[1], reference[image]))
        for name, count in branches.other.items():
            other[name] = other.get(name, 0) + count
    far = not worst["frozen"] <= TOLERANCE
    text = "  ".join(f"{name} {value:.1e}" for name, value in worst.items())
    text += f"  other {sum(other.values())} in {len(other)} of {len(branches.used)}"
    unknown = set(branches.inputs) - branches.used
    for title, names in (("own branches", branches.missing), ("unknown", unknown)):
        if names:
            text += f"  {title}: {' '.join(sorted(names))}"
    return text + ("  TOO FAR" if far else ""), not far


def refusal(text):
    """What the dump program said before its backtrace."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    line = next((line for line in lines if "rror" in line), lines[0] if lines else "no reason given")
    return line.rpartition("model.onnx: ")[2].split(", at node")[0]


def main():
    parser = argparse.ArgumentParser(description="Compares gradients on the same branches.")
    parser.add_argument("dump", type=pathlib.Path, help="program that runs Tidemark")
    parser.add_argument("folder", type=pathlib.Path, help="folder of nets")
    parser.add_argument("--nets", nargs="+", metavar="NAME")
    parser.add_argument("--variants", nargs="+", metavar="NAME")
    parser.add_argument("--engines", nargs="+", default=["onednn"], metavar="NAME")
    parser.add_argument("--results", type=pathlib.Path, help="file to which the lines are added")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    good = True
    for folder in sorted(p.parent for p in arguments.folder.glob("*/grad_input.npy")):
        if arguments.nets and folder.name not in arguments.nets:
            continue
        for variant in sorted(p.parent.name for p in folder.glob("*/model.onnx")):
            if arguments.variants and variant not in arguments.variants:
                continue
            for engine in arguments.engines:
                with tempfile.TemporaryDirectory() as output:
                    text, near = compare(arguments.dump, folder, variant, engine, pathlib.Path(output))
                good &= near
                line = f"{folder.name}/{variant} {engine}: {text}"
                print(line, flush=True)
                if arguments.results:
                    with arguments.results.open("a") as results:
                        results.write(line + "\n")
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
