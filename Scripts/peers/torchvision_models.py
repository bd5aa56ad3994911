"""Makes the classifiers of torchvision as ONNX files, with values that a reader of them has to agree with.

Every model gets random weights from a fixed seed, made well-conditioned: normalisation statistics are
those of smooth random images, and the last layer is scaled so that the scores spread over a few units.
Biases are moved a little, channel by channel, so that no value of the reference images is close to a corner
of an activation, and the images so that no maximum is nearly a tie: there, single precision could take the
other side and get another gradient. Whether that succeeded shows in grad_f32_err_perturbed, the error of
single precision when the output of every layer is moved by a few roundings.

Each model is written by both exporters of PyTorch, `torch.onnx.export` with `dynamo=False` and `dynamo=True`.

    OUTPUT/<model>/input.npy        float32 [2, 3, side, side]
    OUTPUT/<model>/logits.npy       the scores, computed in double precision, stored as float32
    OUTPUT/<model>/targets.npy      int32 [2], the class with the highest score
    OUTPUT/<model>/grad_input.npy   gradient of each image's target score at the input, likewise
    OUTPUT/<model>/meta.json        its spread, and how far PyTorch itself is from these in single precision
    OUTPUT/<model>/<variant>/model.onnx and meta.json (operators, opset, error of ONNX Runtime)
    OUTPUT/OPERATORS.txt            which operators, attributes and kinds of inputs each exporter used

Errors are max|a - b| / max|b| where b is in double precision; for gradients, the larger one of the images.

    python Scripts/peers/torchvision_models.py OUTPUT [--models resnet18 ...] [--exporters torchscript dynamo]

Needs numpy, onnx, onnxruntime, onnxscript, torch and torchvision; the versions are noted in meta.json.
"""

import argparse
import collections
import contextlib
import copy
import json
import pathlib
import sys
import time
import traceback
import warnings
from unittest import mock

import numpy as np
import onnx
import onnxruntime
import onnxscript
import torch
import torchvision
from torch import nn
from torch.nn import functional as F

REQUIRED = """
    alexnet vgg11 vgg11_bn resnet18 resnet50 squeezenet1_0 squeezenet1_1 densenet121 inception_v3 googlenet
    shufflenet_v2_x0_5 shufflenet_v2_x1_0 mobilenet_v2 mobilenet_v3_small mobilenet_v3_large mnasnet0_5
    mnasnet1_0 efficientnet_b0 efficientnet_v2_s regnet_x_400mf regnet_y_400mf resnext50_32x4d
    wide_resnet50_2 convnext_tiny
""".split()
OPTIONAL = ["vit_b_16", "swin_t", "maxvit_t"]

# As the pretrained weights set them: the input is normalised once more inside of these two models.
OPTIONS = {
    "inception_v3": {"aux_logits": True, "transform_input": True, "init_weights": False},
    "googlenet": {"aux_logits": True, "transform_input": True, "init_weights": False},
}
SIDES = {"inception_v3": 299}
WITHOUT_NORMALISATION = ("alexnet", "vgg", "squeezenet")

SPREAD = 2.0
PERTURBATION = 5e-7
TIE = 2e-5
WIDER_TIES = {"inception_v3": 6e-5}
ROUNDS = 30
NORMS = (nn.modules.batchnorm._BatchNorm,)
CORNERS = {"relu": (0,), "hardtanh": (0, 6), "hardswish": (-3, 3), "hardsigmoid": (-3, 3)}


def variants(name):
    """The exports of a model: (folder, exporter, arguments of the exporter, whether the batch is 1)."""
    yield "torchscript", "torchscript", {"opset_version": 17}, False
    yield "dynamo", "dynamo", {}, False
    if name in ("resnet18", "mobilenet_v2", "mobilenet_v3_small", "shufflenet_v2_x0_5", "densenet121",
                "swin_t"):
        yield "torchscript-batch1", "torchscript", {"opset_version": 17}, True
        yield "dynamo-batch1", "dynamo", {}, True
    if name in ("resnet18", "mobilenet_v3_small"):
        for opset in (9, 11, 13):
            yield f"torchscript-{opset}", "torchscript", {"opset_version": opset}, False
        for opset in (18, 20, 21, 23):
            yield f"dynamo-{opset}", "dynamo", {"opset_version": opset}, False
    if name in ("resnet18", "mobilenet_v3_small", "shufflenet_v2_x0_5", "convnext_tiny", "alexnet"):
        unfused = {"opset_version": 17, "do_constant_folding": False,
                   "training": torch.onnx.TrainingMode.PRESERVE}
        yield "torchscript-unfused", "torchscript", unfused, False
        yield "dynamo-unoptimized", "dynamo", {"optimize": False}, False
    if name == "resnet18":
        listed = {"opset_version": 9, "keep_initializers_as_inputs": True}
        yield "torchscript-9-listed", "torchscript", listed, False
        yield "dynamo-external", "dynamo", {"external_data": True}, False
    if name == "convnext_tiny":
        yield "torchscript-13", "torchscript", {"opset_version": 13}, False
        yield "dynamo-18", "dynamo", {"opset_version": 18}, False


# Models


def images(seed, count, side):
    """Smooth random images with a little grain: coarse noise, enlarged, common to the channels and apart."""
    generator = torch.Generator().manual_seed(seed)
    total = torch.zeros(count, 3, side, side)
    for cells, weight in ((4, 0.8), (9, 0.6), (24, 0.4), (60, 0.2), (side, 0.12)):
        for channels, share in ((1, 0.8), (3, 0.6)):
            noise = torch.randn(count, channels, cells, cells, generator=generator)
            total += weight * share * F.interpolate(noise, size=side, mode="bicubic", align_corners=False)
    return total


def build(name):
    """The model in evaluation mode, the same on every call."""
    torch.manual_seed(sum(name.encode()))
    model = torchvision.models.get_model(name, weights=None, **OPTIONS.get(name, {}))
    side = SIDES.get(name, 224)
    layers = [m for m in model.modules() if isinstance(m, (nn.Conv2d, nn.Linear))]
    with torch.no_grad():
        for module in model.modules():
            if isinstance(module, (nn.Conv2d, nn.Linear)):
                if name.startswith(WITHOUT_NORMALISATION):
                    nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
                if module.bias is not None:
                    module.bias.normal_(0, 0.05)
            elif isinstance(module, (*NORMS, nn.LayerNorm)):
                module.weight.uniform_(0.6, 1.4)
                module.bias.normal_(0, 0.1)
        for key, parameter in model.named_parameters():
            if key.endswith("layer_scale"):
                parameter.uniform_(0.2, 0.6)
        model.eval()
        for module in model.modules():
            if isinstance(module, NORMS):
                module.reset_running_stats()
                module.momentum = None
                module.train()
        for seed in (1, 2):
            model(images(seed, 8, side))
        for module in model.modules():
            if isinstance(module, NORMS):
                module.momentum = 0.1
        model.eval()
        last = layers[-1]
        if not last.weight.any():
            last.weight.normal_(0, 0.05)
        if last.bias is not None:
            last.bias.zero_()
        scores = model(images(3, 4, side))
        last.weight *= SPREAD / scores.std(1).mean()
        if last.bias is not None:
            last.bias.normal_(0, 0.05)
    for parameter in model.parameters():
        parameter.requires_grad_(False)
    return model, side


def gap(values, corners):
    """A small shift of `values` that keeps them as far as possible from the corners."""
    reach = 0.02 * float(values.std()) + 1e-3
    distances = torch.cat([corner - values for corner in corners])
    near = distances[distances.abs() < reach].sort().values
    near = torch.cat([near.new_tensor([-reach]), near, near.new_tensor([reach])])
    widest = near.diff().argmax()
    return float(near[widest] + near[widest + 1]) / 2


def without_corners(model, batch):
    """A copy of the model whose biases keep the activations of `batch` away from their corners."""
    moved = copy.deepcopy(model).double()
    latest = []

    def remember(module, inputs, output):
        latest[:] = [module]

    def shifting(function, corners):
        def shifted(x, *arguments, **options):
            bias = latest[0].bias
            if len(bias) == x.shape[1]:
                shift = x.new_tensor([gap(channel.flatten(), corners) for channel in x.unbind(1)])
                bias += shift
                x = x + shift.view(-1, *[1] * (x.dim() - 2))
            return function(x, *arguments, **options)
        return shifted

    for module in moved.modules():
        if isinstance(module, (*NORMS, nn.Conv2d, nn.Linear)) and module.bias is not None:
            module.register_forward_hook(remember)
    with contextlib.ExitStack() as stack, torch.no_grad():
        for name, corners in CORNERS.items():
            stack.enter_context(mock.patch.object(F, name, shifting(getattr(F, name), corners)))
        moved(batch.double())
    result = copy.deepcopy(model)
    result.load_state_dict(moved.state_dict())
    return result


def near_ties(x, tie, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False, return_indices=False):
    """The sum, over the windows of a maximum that are nearly a tie, of what is missing to a clear one.

    Errors grow with depth while windows become fewer: what counts as a tie is wider on small maps. Exact
    ties are left alone: they are values that an earlier, overlapping maximum took from the same place.
    """
    assert dilation == 1 and not return_indices
    given = (kernel_size, stride or kernel_size, padding)
    size, stride, padding = (v if isinstance(v, int) else v[0] for v in given)
    beyond = padding + (stride if ceil_mode else 0)
    windows = F.pad(x, (padding, beyond, padding, beyond), value=-torch.inf)
    windows = windows.unfold(2, size, stride).unfold(3, size, stride).flatten(4)
    with torch.no_grad():
        first, second = windows.topk(2).values.unbind(-1)
        distance = (first - second) / x.std()
        enough = tie * max(1, 112 / x.shape[2])
        near = (distance > 1e-14) & (distance < enough)
        close = windows[near].topk(2).indices
    values = windows[near].gather(1, close)
    missing = 2 * enough - (values[:, 0] - values[:, 1]) / x.detach().std()
    return missing.sum(), len(missing)


def without_ties(model, image, tie):
    """A copy of the image, changed a little so that no maximum in the model is nearly a tie."""
    double = copy.deepcopy(model).double()
    original, found = F.max_pool2d, []

    def watching(x, *arguments, **options):
        found.append(near_ties(x, tie, *arguments, **options))
        return original(x, *arguments, **options)

    with mock.patch.object(F, "max_pool2d", watching):
        for _ in range(ROUNDS):
            found.clear()
            x = image.double().requires_grad_()
            double(x)
            if not sum(count for _, count in found):
                break
            missing = sum(total for total, _ in found)
            missing.backward()
            image = (x - missing * x.grad / x.grad.square().sum()).detach().float()
    return image, sum(count for _, count in found)


def prepare(name):
    """The model, and two images clear of what rounding could change."""
    model, side = build(name)
    model = without_corners(model, images(100, 2, side))
    tie = WIDER_TIES.get(name, TIE)
    batch, left = zip(*(without_ties(model, image, tie) for image in images(100, 2, side).split(1)))
    return model, side, torch.cat(batch), sum(left)


# Exports


def write(model, side, path, exporter, arguments, single):
    batch = 1 if single else 2
    example = (images(4, batch, side),)
    names = {"input_names": ["input"], "output_names": ["logits"]}
    if exporter == "torchscript":
        axes = None if single else {"input": {0: "batch"}, "logits": {0: "batch"}}
        torch.onnx.export(model, example, str(path), dynamo=False, dynamic_axes=axes, **names, **arguments)
    else:
        shapes = None if single else ({0: torch.export.Dim("batch")},)
        arguments = {"external_data": False, **arguments}
        torch.onnx.export(model, example, str(path), dynamo=True, dynamic_shapes=shapes, verbose=False,
                          **names, **arguments)


def describe(path):
    """What the file holds, for meta.json."""
    model = onnx.load(path, load_external_data=False)
    graph = model.graph
    counts = collections.Counter(
        (f"{n.domain}::" if n.domain else "") + n.op_type for n in every_node(model))
    kinds = collections.Counter(onnx.TensorProto.DataType.Name(i.data_type) for i in graph.initializer)
    return {
        "opset": next(o.version for o in model.opset_import if o.domain in ("", "ai.onnx")),
        "opset_imports": {o.domain or "ai.onnx": o.version for o in model.opset_import},
        "ir_version": model.ir_version,
        "producer": f"{model.producer_name} {model.producer_version}".strip(),
        "inputs": {i.name: shape(i) for i in graph.input},
        "outputs": {o.name: shape(o) for o in graph.output},
        "operators": dict(sorted(counts.items())),
        "functions": [f"{f.domain}::{f.name}" for f in model.functions],
        "initializers": dict(kinds),
        "bytes": path.stat().st_size,
    }


def shape(value):
    return [d.dim_param or d.dim_value for d in value.type.tensor_type.shape.dim]


def every_node(model):
    pending = list(model.graph.node) + [n for f in model.functions for n in f.node]
    while pending:
        node = pending.pop()
        yield node
        for attribute in node.attribute:
            for graph in [attribute.g, *attribute.graphs]:
                pending.extend(graph.node)


def export(name, model, side, folder, exporters):
    """Writes the variants of a model; one that cannot be exported leaves its reason."""
    for variant, exporter, arguments, single in variants(name):
        if exporter not in exporters:
            continue
        target = folder / variant
        target.mkdir(parents=True, exist_ok=True)
        (target / "failure.txt").unlink(missing_ok=True)
        started = time.time()
        try:
            write(model, side, target / "model.onnx", exporter, arguments, single)
            meta = {"model": name, "variant": variant, "exporter": exporter,
                    "arguments": {k: str(v) if k == "training" else v for k, v in arguments.items()},
                    "input_shape": [1 if single else "batch", 3, side, side],
                    **describe(target / "model.onnx")}
            save(target / "meta.json", meta)
            say(f"{name}/{variant}: opset {meta['opset']}, {time.time() - started:.0f} s")
        except Exception as error:
            (target / "failure.txt").write_text(traceback.format_exc())
            say(f"{name}/{variant}: not exported: {type(error).__name__}: {str(error)[:200]}")


# References


def scores_and_gradient(model, batch, targets=None):
    batch = batch.clone().requires_grad_()
    scores = model(batch)
    if targets is None:
        targets = scores.argmax(1)
    scores.gather(1, targets[:, None]).sum().backward()
    return scores.detach(), batch.grad, targets


def error(a, b):
    a, b = np.asarray(a, np.float64), np.asarray(b, np.float64)
    return float(np.abs(a - b).max() / np.abs(b).max())


@contextlib.contextmanager
def perturbed(model):
    """Within it, every layer's output is moved by a few roundings."""
    generator = torch.Generator().manual_seed(0)

    def move(module, inputs, output):
        noise = torch.randn(output.shape, generator=generator)
        return output + PERTURBATION * output.detach().std() * noise

    layers = [m for m in model.modules() if isinstance(m, (*NORMS, nn.Conv2d, nn.Linear))]
    handles = [layer.register_forward_hook(move) for layer in layers]
    yield
    for handle in handles:
        handle.remove()


def compare(model, batch):
    """Double-precision values of a batch, with the errors of single precision, plain and perturbed."""
    double = copy.deepcopy(model).double()
    scores, gradient, targets = scores_and_gradient(double, batch.double())
    plain = scores_and_gradient(model, batch, targets)
    with perturbed(model):
        moved = scores_and_gradient(model, batch, targets)
    errors = {
        "logits_f32_err": error(plain[0], scores),
        "grad_f32_err": max(error(p, g) for p, g in zip(plain[1], gradient)),
        "grad_f32_err_l2": float((plain[1] - gradient).norm() / gradient.norm()),
        "logits_f32_err_perturbed": error(moved[0], scores),
        "grad_f32_err_perturbed": max(error(m, g) for m, g in zip(moved[1], gradient)),
    }
    return scores, gradient, targets, errors


def reference(name, model, batch, ties, folder):
    """Writes the reference values of a model."""
    scores, gradient, targets, errors = compare(model, batch)
    folder.mkdir(parents=True, exist_ok=True)
    np.save(folder / "input.npy", batch.numpy())
    np.save(folder / "logits.npy", scores.numpy().astype(np.float32))
    np.save(folder / "targets.npy", targets.numpy().astype(np.int32))
    np.save(folder / "grad_input.npy", gradient.numpy().astype(np.float32))
    meta = {
        "model": name, "input_shape": list(batch.shape), "near_ties": ties, **errors,
        "logits_std": float(scores.std(1).mean()),
        "logits_max": float(scores.abs().max()),
        "logits_difference": float((scores[0] - scores[1]).std() / scores.std(1).mean()),
        "grad_max": float(gradient.abs().max()),
        "grad_rms": float(gradient.pow(2).mean().sqrt()),
        "versions": {"torch": torch.__version__, "torchvision": torchvision.__version__,
                     "onnx": onnx.__version__, "onnxruntime": onnxruntime.__version__,
                     "onnxscript": onnxscript.__version__, "numpy": np.__version__},
    }
    meta["healthy"] = (0.1 < meta["logits_std"] < 50 and meta["logits_difference"] > 0.02
                       and 1e-6 < meta["grad_max"] < 1e3)
    save(folder / "meta.json", meta)
    say(f"{name}: std {meta['logits_std']:.2f}, difference {meta['logits_difference']:.2f}, "
        f"grad {meta['grad_max']:.2g}; errors in float32: logits {errors['logits_f32_err']:.1e}, gradient "
        f"{errors['grad_f32_err']:.1e}, perturbed {errors['grad_f32_err_perturbed']:.1e}"
        + (f", {ties} near ties left" if ties else "") + ("" if meta["healthy"] else "; NOT HEALTHY"))


def check(folder):
    """Runs the exports of a model in ONNX Runtime and notes how far it is from the reference."""
    batch, expected = np.load(folder / "input.npy"), np.load(folder / "logits.npy")
    for path in sorted(folder.glob("*/model.onnx")):
        meta = json.loads((path.parent / "meta.json").read_text())
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.log_severity_level = 3
        try:
            session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
            singly = np.concatenate([session.run(None, {"input": image[None]})[0] for image in batch])
            meta["ort_err"] = error(singly, expected)
            if meta["input_shape"][0] == "batch":
                together = session.run(None, {"input": batch})[0]
                meta["ort_err"] = max(meta["ort_err"], error(together, expected))
        except Exception as failure:
            meta["ort_err"] = f"{type(failure).__name__}: {failure}"
        save(path.parent / "meta.json", meta)
        shown = meta["ort_err"] if isinstance(meta["ort_err"], str) else f"{meta['ort_err']:.1e}"
        say(f"{folder.name}/{path.parent.name}: ort_err {shown}")


# Operators


def constants(model):
    """The values that the graph knows without computing, by name."""
    known = {i.name: i for i in model.graph.initializer}
    for node in every_node(model):
        if node.op_type == "Constant":
            known[node.output[0]] = onnx.helper.get_attribute_value(node.attribute[0])
    return known


def small(value):
    """A scalar or a short list of integers in words, None for anything else."""
    if isinstance(value, onnx.TensorProto):
        if value.data_location == onnx.TensorProto.EXTERNAL:
            return None
        value = onnx.numpy_helper.to_array(value)
    value = np.asarray(value)
    if value.size > 8 or value.dtype.kind not in "iubf" or value.dtype.kind == "f" and value.ndim > 0:
        return None
    return str(value.tolist()).replace(" ", "")


def some(values, most=12):
    shown = sorted(values)
    return " | ".join(shown[:most]) + (f" and {len(shown) - most} more" if len(shown) > most else "")


class Usage:
    """How one operator is used: where, with which attributes, constants and kinds of inputs."""

    def __init__(self):
        self.count = 0
        self.opsets, self.models = set(), set()
        self.attributes = collections.defaultdict(set)
        self.constants = collections.defaultdict(set)
        self.forms = collections.Counter()

    def add(self, node, meta, known):
        self.count += 1
        self.opsets.add(meta["opset"])
        self.models.add(meta["model"])
        for attribute in node.attribute:
            self.attributes[attribute.name].add(text(attribute))
        for position, name in enumerate(node.input):
            value = small(known[name]) if name in known else None
            if value is not None:
                self.constants[position].add(value)
        form = ", ".join("constant" if i in known else "computed" if i else "absent" for i in node.input)
        results = f" -> {len(node.output)}" if len(node.output) > 1 else ""
        self.forms[f"({form}){results}"] += 1

    def lines(self, domain, kind):
        opsets = ", ".join(map(str, sorted(self.opsets)))
        yield f"{domain}::{kind}  {self.count} nodes, {len(self.models)} models, opsets {opsets}"
        if len(self.models) <= 4:
            yield "    in " + ", ".join(sorted(self.models))
        for name, values in sorted(self.attributes.items()):
            yield f"    {name} = {some(values)}"
        for form, count in self.forms.most_common(5):
            yield f"    inputs {form}  x{count}"
        for position, values in sorted(self.constants.items()):
            yield f"    constant input {position}: {some(values)}"


def survey(folder):
    """The union of operators by exporter, with their attributes and where their inputs come from."""
    groups = collections.defaultdict(list)
    for path in sorted(folder.glob("*/*/model.onnx")):
        if not (path.parent / "meta.json").exists():
            continue
        meta = json.loads((path.parent / "meta.json").read_text())
        raw = meta["variant"].endswith(("unfused", "unoptimized"))
        groups[meta["exporter"] + (", not optimised" if raw else "")].append((path, meta))
    lines, files = [], []
    for group, members in sorted(groups.items()):
        usages = collections.defaultdict(Usage)
        functions = set()
        for path, meta in members:
            functions.update(meta["functions"])
            files.append(f"{meta['model']}/{meta['variant']} (opset {meta['opset']}): "
                         + " ".join(f"{kind}:{count}" for kind, count in meta["operators"].items()))
            model = onnx.load(path, load_external_data=False)
            known = constants(model)
            for node in every_node(model):
                usages[node.domain or "ai.onnx", node.op_type].add(node, meta, known)
        title = f"{group}: {len(members)} files, {len(usages)} operators"
        lines += [title, "=" * len(title), " ".join(kind for _, kind in sorted(usages)),
                  "functions in the models: " + (", ".join(sorted(functions)) or "none"), ""]
        for key, usage in sorted(usages.items()):
            lines += usage.lines(*key)
        lines.append("")
    lines += ["Files", "=====", *sorted(files), ""]
    (folder / "OPERATORS.txt").write_text("\n".join(lines))


def text(attribute):
    value = onnx.helper.get_attribute_value(attribute)
    if isinstance(value, onnx.TensorProto):
        kind = onnx.TensorProto.DataType.Name(value.data_type)
        return f"{kind}{list(value.dims)}"
    if isinstance(value, onnx.GraphProto):
        return "graph"
    if isinstance(value, bytes):
        return value.decode()
    if isinstance(value, float):
        return f"{value:.6g}"
    return str(list(value) if isinstance(value, collections.abc.Sequence) else value).replace(" ", "")


def save(path, value):
    path.write_text(json.dumps(value, indent=2) + "\n")


def say(line):
    print(time.strftime("%H:%M:%S"), line, flush=True)


def main():
    parser = argparse.ArgumentParser(description="Exports torchvision's classifiers with reference values.")
    parser.add_argument("output", type=pathlib.Path)
    parser.add_argument("--models", nargs="+", default=REQUIRED + OPTIONAL, metavar="NAME",
                        help="all by default; 'required' and 'optional' name the two groups")
    parser.add_argument("--exporters", nargs="+", choices=["torchscript", "dynamo"],
                        default=["torchscript", "dynamo"])
    arguments = parser.parse_args()
    groups = {"required": REQUIRED, "optional": OPTIONAL}
    models = [name for entry in arguments.models for name in groups.get(entry, [entry])]
    torch.set_num_threads(1)
    torch.backends.mha.set_fastpath_enabled(False)
    warnings.simplefilter("ignore")
    failed = []
    for name in models:
        folder = arguments.output / name
        try:
            model, side, batch, ties = prepare(name)
            reference(name, model, batch, ties, folder)
            export(name, model, side, folder, arguments.exporters)
            check(folder)
        except Exception as failure:
            traceback.print_exc()
            say(f"{name}: failed: {failure}")
            failed.append(name)
    survey(arguments.output)
    if failed:
        sys.exit("failed: " + ", ".join(failed))


if __name__ == "__main__":
    main()
