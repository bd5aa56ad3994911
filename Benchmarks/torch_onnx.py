"""An ONNX network as a PyTorch module, node by node: for networks of convolutions and what goes with them."""

import onnx
import torch
import torch.nn.functional as F
from onnx import numpy_helper


# Order of channels, scale, mean and deviation, as `tidemark --preprocess` has them.
PRESETS = {
    "raw": ("rgb", 1, [0], [1]),
    "imagenet": ("rgb", 1, [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]),
    "caffe": ("bgr", 255, [104, 117, 123], [1, 1, 1]),
    "tf": ("rgb", 2, [1], [1]),
}


class TorchNetwork(torch.nn.Module):
    """Takes pixels 0...1. Raises NotImplementedError for an operator that it does not know."""

    def __init__(self, path, preprocess="raw"):
        super().__init__()
        self.order, self.scale, mean, deviation = PRESETS[preprocess]
        self.mean = torch.tensor(mean, dtype=torch.float32).view(1, -1, 1, 1)
        self.deviation = torch.tensor(deviation, dtype=torch.float32).view(1, -1, 1, 1)
        graph = onnx.load(path).graph
        constants = {t.name: t for t in graph.initializer}
        nodes = []
        for node in graph.node:
            attributes = {a.name: onnx.helper.get_attribute_value(a) for a in node.attribute}
            if node.op_type == "Constant":
                constants[node.output[0]] = attributes["value"]
            else:
                nodes.append((node.op_type, list(node.input), node.output[0], attributes))
        self.values = {name: torch.tensor(numpy_helper.to_array(t).copy()) for name, t in constants.items()}
        self.nodes = nodes
        self.input = next(i.name for i in graph.input if i.name not in constants)
        self.output = graph.output[0].name
        if nodes[-1][0] == "Softmax":  # Scores are what goes in.
            self.output = nodes.pop()[1][0]

    def forward(self, x):
        values = dict(self.values)
        x = x.flip(1) if self.order == "bgr" else x
        values[self.input] = (self.scale * x - self.mean) / self.deviation
        for kind, inputs, output, attributes in self.nodes:
            operands = [values[name] for name in inputs if name]
            values[output] = self.apply_node(kind, operands, attributes)
        return values[self.output].flatten(1)

    @staticmethod
    def apply_node(kind, operands, attributes):
        x = operands[0]
        if kind == "Conv":
            top, left, bottom, right = attributes.get("pads", [0] * 4)
            if (top, left) == (bottom, right):
                padding = (top, left)
            else:
                x, padding = F.pad(x, (left, right, top, bottom)), 0
            return F.conv2d(x, *operands[1:], stride=attributes.get("strides", 1), padding=padding,
                            dilation=attributes.get("dilations", 1), groups=attributes.get("group", 1))
        if kind == "BatchNormalization":
            scale, shift, mean, variance = operands[1:]
            return F.batch_norm(x, mean, variance, scale, shift, eps=attributes.get("epsilon", 1e-5))
        if kind in ("MaxPool", "AveragePool"):
            top, left, bottom, right = attributes.get("pads", [0] * 4)
            ceil = bool(attributes.get("ceil_mode", 0))
            if kind == "MaxPool":
                x = F.pad(x, (left, right, top, bottom), value=-torch.inf) if any((top, left, bottom, right)) else x
                return F.max_pool2d(x, attributes["kernel_shape"], attributes.get("strides", 1), ceil_mode=ceil)
            if any((top, left, bottom, right)):
                raise NotImplementedError("AveragePool with pads")
            return F.avg_pool2d(x, attributes["kernel_shape"], attributes.get("strides", 1), ceil_mode=ceil)
        if kind == "Gemm":
            weights = operands[1] if attributes.get("transB") else operands[1].t()
            return F.linear(x, weights, *operands[2:])
        if kind == "Clip":
            return x.clamp(operands[1], operands[2])
        if kind == "Concat":
            return torch.cat(operands, attributes["axis"])
        simple = {
            "Relu": F.relu, "GlobalAveragePool": lambda x: x.mean((2, 3), keepdim=True),
            "Flatten": lambda x: x.flatten(1), "Dropout": lambda x: x, "Identity": lambda x: x,
        }
        if kind in simple:
            return simple[kind](x)
        if kind in ("Add", "Mul", "Sub", "Div"):
            return getattr(torch, kind.lower())(*operands)
        raise NotImplementedError(kind)
