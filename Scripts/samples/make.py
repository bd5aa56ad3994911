#!/usr/bin/env python3
"""Draws what is in stripes/: pictures of striped balls, and a small network that tells the stripes apart.

    pip install numpy pillow onnx && Scripts/samples/make.py

Deterministic. The network is not trained: its filters are written down. A first convolution answers
to edges of four directions, a second one adds up the answers of a neighbourhood and holds each
direction against the others, and the mean over the picture scores the class.
"""
import pathlib

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from PIL import Image

target = pathlib.Path(__file__).resolve().parent / "stripes"
names = ["level stripes", "upright stripes", "rising stripes", "falling stripes"]
# Direction across the stripes, in degrees from the x axis; y points down.
across = [90, 0, 45, 135]
size = 160


def smooth(values, rounds):
    for _ in range(rounds):
        for axis in (0, 1):
            values = (np.roll(values, 1, axis) + values + np.roll(values, -1, axis)) / 3
    return values


def backdrop(random):
    """A wall of soft patches under uneven light."""
    clouds = smooth(random.normal(size=(size, size)), 60)
    clouds = (clouds - clouds.min()) / (clouds.max() - clouds.min())
    grain = smooth(random.normal(size=(size, size)), 1) * 0.02
    low, high = random.uniform(0.25, 0.5, 3), random.uniform(0.5, 0.75, 3)
    return low + (high - low) * clouds[..., None] + grain[..., None]


def ball(picture, random, center, radius, degrees, color):
    """A shaded ball; stripes run across it, or it is plain where degrees is None."""
    y, x = np.mgrid[0:size, 0:size].astype(float)
    dx, dy = (x - center[0]) / radius, (y - center[1]) / radius
    square = dx**2 + dy**2
    height = np.sqrt(np.clip(1 - square, 0, 1))
    light = np.clip(0.35 + 0.75 * (-0.4 * dx - 0.5 * dy + 0.75 * height), 0, 1.15)
    paint = np.broadcast_to(color, picture.shape).copy()
    if degrees is not None:
        angle = np.deg2rad(degrees)
        phase = random.uniform(0, 2 * np.pi)
        wave = np.sin((np.cos(angle) * x + np.sin(angle) * y) * 2 * np.pi / 9 + phase)
        paint = np.where((wave > 0)[..., None], color, 0.93)
    edge = np.clip((1 - np.sqrt(square)) * radius + 0.5, 0, 1)[..., None]
    shadow = np.clip(1.25 - np.hypot(dx - 0.25, dy - 0.3), 0, 0.35)[..., None]
    return (picture * (1 - shadow)) * (1 - edge) + paint * light[..., None] * edge


def draw(kind, seed):
    random = np.random.default_rng(seed)
    picture = backdrop(random)
    places = [(45, 50), (112, 52), (50, 112), (110, 108)]
    random.shuffle(places)
    for place in places[1:3]:
        center = np.array(place) + random.uniform(-8, 8, 2)
        picture = ball(picture, random, center, random.uniform(16, 22), None, random.uniform(0.3, 0.9, 3))
    center = np.array(places[0]) + random.uniform(-8, 8, 2)
    picture = ball(picture, random, center, random.uniform(28, 36), across[kind], random.uniform(0.05, 0.45, 3))
    return Image.fromarray(np.clip(picture * 255 + 0.5, 0, 255).astype(np.uint8))


def network():
    """[N, 3, 96, 96] in 0...1 to four scores."""
    taps = 7
    y, x = np.mgrid[-3:4, -3:4].astype(float)
    window = np.exp(-(x**2 + y**2) / 8)
    filters = []
    for degrees in across:
        angle = np.deg2rad(degrees)
        position = np.cos(angle) * x + np.sin(angle) * y
        # The stripes are 9 of 160 pixels wide, 5.4 of the input's 96.
        for phase in (0, 0.5, 1, 1.5):
            wave = np.cos(position * 2 * np.pi / 5.4 + phase * np.pi) * window
            wave -= window * wave.sum() / window.sum()
            filters.append(wave / np.abs(wave).sum())
    edges = np.stack([np.stack([f * c for c in (0.299, 0.587, 0.114)]) for f in filters])
    mix = np.full((4, 16, 3, 3), -1 / 3)
    for kind in range(4):
        mix[kind, kind * 4 : kind * 4 + 4] = 1
    mix /= 9
    head = 120 * np.eye(4)
    weights = {
        "edges.weight": edges,
        "edges.bias": np.full(16, -0.02),
        "mix.weight": mix,
        "mix.bias": np.full(4, -0.01),
        "head.weight": head,
        "head.bias": np.zeros(4),
    }
    nodes = [
        helper.make_node("Conv", ["pixels", "edges.weight", "edges.bias"], ["edges"],
                         kernel_shape=[taps, taps], pads=[3, 3, 3, 3]),
        helper.make_node("Relu", ["edges"], ["answers"]),
        helper.make_node("MaxPool", ["answers"], ["pooled"], kernel_shape=[2, 2], strides=[2, 2]),
        helper.make_node("Conv", ["pooled", "mix.weight", "mix.bias"], ["mix"],
                         kernel_shape=[3, 3], pads=[1, 1, 1, 1]),
        helper.make_node("Relu", ["mix"], ["directions"]),
        helper.make_node("GlobalAveragePool", ["directions"], ["means"]),
        helper.make_node("Flatten", ["means"], ["flat"]),
        helper.make_node("Gemm", ["flat", "head.weight", "head.bias"], ["scores"], transB=1),
    ]
    graph = helper.make_graph(
        nodes, "stripes",
        [helper.make_tensor_value_info("pixels", TensorProto.FLOAT, ["N", 3, 96, 96])],
        [helper.make_tensor_value_info("scores", TensorProto.FLOAT, ["N", 4])],
        [numpy_helper.from_array(v.astype(np.float32), k) for k, v in weights.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    onnx.checker.check_model(model)
    return model


target.mkdir(exist_ok=True)
onnx.save(network(), str(target / "stripes.onnx"))
(target / "stripes.labels.txt").write_text("".join(f"{name}\n" for name in names))
for kind, name in enumerate(names):
    for copy in range(2):
        picture = draw(kind, 10 * kind + copy)
        stem = f"{name.split()[0]}-{copy + 1}"
        if copy:
            picture.save(target / f"{stem}.jpg", quality=92)
        else:
            picture.save(target / f"{stem}.png", optimize=True)
