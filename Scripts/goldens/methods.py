#!/usr/bin/env python3
"""Writes the reference values of ExplanationsTests: a small network and what PyTorch and Captum say.

    pip install torch onnx captum numpy && Scripts/goldens/methods.py

Values are computed in double precision and stored as float32.
"""
import pathlib

import captum.attr
import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import nn

target = pathlib.Path(__file__).resolve().parents[2] / "Tests/ExplanationsTests/Golden/small"
target.mkdir(parents=True, exist_ok=True)
torch.manual_seed(5)


class Small(nn.Module):
    """Batch normalisation, a residual sum, a join, max pooling and a dense head."""

    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(3, 6, 3, padding=1)
        self.norm = nn.BatchNorm2d(6)
        self.inner = nn.Conv2d(6, 6, 3, padding=1)
        self.wide = nn.Conv2d(6, 4, 1)
        self.deep = nn.Conv2d(6, 4, 3, padding=1)
        self.head = nn.Linear(8, 5)
        # Captum changes the way back through modules, and through each of them once.
        self.relu1, self.relu2, self.relu3 = nn.ReLU(), nn.ReLU(), nn.ReLU()
        self.norm.running_mean.uniform_(-0.3, 0.3)
        self.norm.running_var.uniform_(0.5, 2)
        nn.init.uniform_(self.norm.weight, 0.5, 1.5)
        nn.init.uniform_(self.norm.bias, -0.3, 0.3)

    def forward(self, x):
        x = self.relu1(self.norm(self.stem(x)))
        x = torch.max_pool2d(x, 2)
        x = self.relu2(self.inner(x) + x)
        x = self.relu3(torch.cat([self.wide(x), self.deep(x)], 1))
        self.features = x
        return self.head(x.mean((2, 3)))


model = Small().double().eval()


def graph():
    weights = {k: v.detach().numpy().astype(np.float32) for k, v in model.state_dict().items()}
    weights.pop("norm.num_batches_tracked")

    def conv(name, source, result, taps, pad):
        return helper.make_node(
            "Conv", [source, f"{name}.weight", f"{name}.bias"], [result],
            kernel_shape=[taps] * 2, pads=[pad] * 4)

    nodes = [
        conv("stem", "input", "stem", 3, 1),
        helper.make_node(
            "BatchNormalization",
            ["stem", "norm.weight", "norm.bias", "norm.running_mean", "norm.running_var"],
            ["norm"], epsilon=1e-5),
        helper.make_node("Relu", ["norm"], ["relu1"]),
        helper.make_node("MaxPool", ["relu1"], ["pool"], kernel_shape=[2, 2], strides=[2, 2]),
        conv("inner", "pool", "inner", 3, 1),
        helper.make_node("Add", ["inner", "pool"], ["sum"]),
        helper.make_node("Relu", ["sum"], ["relu2"]),
        conv("wide", "relu2", "wide", 1, 0),
        conv("deep", "relu2", "deep", 3, 1),
        helper.make_node("Concat", ["wide", "deep"], ["join"], axis=1),
        helper.make_node("Relu", ["join"], ["features"]),
        helper.make_node("GlobalAveragePool", ["features"], ["means"]),
        helper.make_node("Flatten", ["means"], ["flat"]),
        helper.make_node("Gemm", ["flat", "head.weight", "head.bias"], ["logits"], transB=1),
    ]
    info = helper.make_tensor_value_info
    return helper.make_model(
        helper.make_graph(
            nodes, "small", [info("input", TensorProto.FLOAT, ["N", 3, 12, 12])],
            [info("logits", TensorProto.FLOAT, ["N", 5])],
            [numpy_helper.from_array(v, k) for k, v in weights.items()]),
        opset_imports=[helper.make_opsetid("", 13)], ir_version=8)


def save(name, values):
    np.save(target / f"{name}.npy", values.detach().numpy().astype(np.float32))


# The weights are rounded to what the file holds, so that both sides compute the same network.
file = graph()
onnx.checker.check_model(file)
onnx.save(file, str(target / "model.onnx"))
model.load_state_dict({k: v.float().double() if v.is_floating_point() else v
                       for k, v in model.state_dict().items()})

inputs = torch.rand(2, 3, 12, 12).double().float().double()
facts = [1, 3]
save("input", inputs)
save("logits", model(inputs))
save("gradient", captum.attr.Saliency(model).attribute(inputs, target=facts, abs=False))
save("margin_gradient",
     captum.attr.Saliency(lambda x: model(x)[:, [1, 3]] - model(x)[:, [0, 4]]).attribute(
         inputs, target=[0, 1], abs=False))
save("integrated_gradients",
     captum.attr.IntegratedGradients(model).attribute(
         inputs, target=facts, n_steps=32, method="gausslegendre"))
maps = []
for item, fact in enumerate(facts):
    logits = model(inputs[item : item + 1])
    features = model.features
    (slope,) = torch.autograd.grad(logits[0, fact], features)
    maps.append(torch.relu((slope.mean((2, 3), keepdim=True) * features).sum(1)))
save("grad_cam", torch.cat(maps))
save("guided_backprop", captum.attr.GuidedBackprop(model).attribute(inputs, target=facts))
save("guided_grad_cam",
     captum.attr.GuidedGradCam(model, model.relu3).attribute(inputs, target=facts))


class Secant(torch.autograd.Function):
    """A function of elements whose way back takes the slope between a batch's two halves."""

    @staticmethod
    def forward(ctx, x, function):
        y = function(x)
        ctx.save_for_backward(x, y)
        return y

    @staticmethod
    def backward(ctx, cotangent):
        x, y = ctx.saved_tensors
        (a, b), (c, d) = x.chunk(2), y.chunk(2)
        slope = torch.where((a - b).abs() < 1e-10, (a > 0).double(), (c - d) / (a - b))
        return cotangent * torch.cat([slope, slope]), None


class SecantPool(torch.autograd.Function):
    """The maximum of 2x2 windows: its rise is owed to where the first half is largest, its fall to
    where the second is."""

    @staticmethod
    def forward(ctx, x):
        y, places = torch.max_pool2d(x, 2), nn.functional.max_pool2d(x, 2, return_indices=True)[1]
        ctx.save_for_backward(x, y, places)
        return y

    @staticmethod
    def backward(ctx, cotangent):
        x, y, places = ctx.saved_tensors
        (a, b), (c, d) = x.chunk(2), y.chunk(2)
        largest, cotangent = torch.maximum(c, d), cotangent.chunk(2)[0]
        owed = sum(
            nn.functional.max_unpool2d(cotangent * part, place, 2)
            for part, place in zip((largest - d, c - largest), places.chunk(2)))
        plain = nn.functional.max_unpool2d(cotangent, places.chunk(2)[0], 2)
        slope = torch.where((a - b).abs() < 1e-10, plain, owed / (a - b))
        return torch.cat([slope, torch.zeros_like(slope)])


# Captum splits maxima alike, but a rectifier in front of one gets the plain gradient of its DeepLift.
def deep_lift(item, fact):
    x = torch.cat([inputs[item : item + 1], torch.zeros(1, 3, 12, 12).double()]).requires_grad_()
    y = Secant.apply(model.norm(model.stem(x)), torch.relu)
    y = SecantPool.apply(y)
    y = Secant.apply(model.inner(y) + y, torch.relu)
    y = Secant.apply(torch.cat([model.wide(y), model.deep(y)], 1), torch.relu)
    logits = model.head(y.mean((2, 3)))
    (slope,) = torch.autograd.grad(logits[0, fact], x)
    lift = (x[:1] - x[1:]) * slope[:1]
    assert abs(lift.sum() - (logits[0, fact] - logits[1, fact])) < 1e-9
    return lift


save("deep_lift", torch.cat([deep_lift(item, fact) for item, fact in enumerate(facts)]))
