"""The networks of `compare`: random weights from a fixed seed, kept as PyTorch weights and as ONNX files.

Speed does not depend on what the weights are, as long as values stay of ordinary size on their way: so
normalisation statistics are those of random pictures, and networks without any are initialised to keep the
variance.
"""

import os
import pathlib
import warnings

import numpy as np
import torch
import torchvision
from torch import nn
from torch.nn import functional as F

NAMES = ("resnet50", "vgg16", "squeezenet1_1", "mobilenet_v2", "efficientnet_b0", "small")
TRAINED = ("plain64", "residual64")  # For `--work train`.
SIDES = {"small": 32, "plain64": 64, "residual64": 64}
PICTURES = 16
RECIPE = 1  # Part of the cache's name: raise it when what is made here changes.


def small():
    """Six convolutions for pictures of 32x32."""
    layers = []
    for inputs, outputs, pools in ((3, 32, False), (32, 32, True), (32, 64, False), (64, 64, True),
                                   (64, 128, False), (128, 128, False)):
        layers += [nn.Conv2d(inputs, outputs, 3, padding=1), nn.ReLU()]
        if pools:
            layers.append(nn.MaxPool2d(2))
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(128, 10))


def normalized(inputs, outputs, taps=3, stride=1):
    """A convolution with batch normalisation."""
    return [nn.Conv2d(inputs, outputs, taps, stride, taps // 2, bias=False), nn.BatchNorm2d(outputs)]


def head(channels):
    return [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(channels, 10)]


def plain64():
    """Four convolutions with batch normalisation for pictures of 64x64, three of them with a pool."""
    layers = []
    for inputs, outputs in ((3, 32), (32, 64), (64, 128)):
        layers += [*normalized(inputs, outputs), nn.ReLU(inplace=True), nn.MaxPool2d(2)]
    return nn.Sequential(*layers, *normalized(128, 128), nn.ReLU(inplace=True), *head(128))


class Block(nn.Module):
    """Two convolutions beside a shortcut."""

    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.main = nn.Sequential(*normalized(inputs, outputs, 3, stride), nn.ReLU(inplace=True),
                                  *normalized(outputs, outputs))
        same = stride == 1 and inputs == outputs
        self.side = nn.Sequential(*([] if same else normalized(inputs, outputs, 1, stride)))

    def forward(self, x):
        return F.relu(self.main(x) + self.side(x), inplace=True)


def residual64():
    """Nine residual blocks of 16, 32 and 64 channels for pictures of 64x64: ResNet-20."""
    layers, inputs = [*normalized(3, 16), nn.ReLU(inplace=True)], 16
    for outputs in (16, 32, 64):
        for number in range(3):
            layers.append(Block(inputs, outputs, 2 if number == 0 and outputs > 16 else 1))
            inputs = outputs
    return nn.Sequential(*layers, *head(64))


def architecture(name):
    own = {"small": small, "plain64": plain64, "residual64": residual64}
    return own[name]() if name in own else torchvision.models.get_model(name, weights=None)


def pictures(name):
    """Smooth random pictures with a little grain, [16, 3, side, side]."""
    side = SIDES.get(name, 224)
    generator = torch.Generator().manual_seed(1)
    total = torch.zeros(PICTURES, 3, side, side)
    for cells, weight in ((4, 0.8), (9, 0.6), (24, 0.4), (side, 0.2)):
        noise = torch.randn(PICTURES, 3, cells, cells, generator=generator)
        total += weight * F.interpolate(noise, size=side, mode="bicubic", align_corners=False)
    return total


@torch.no_grad()
def made(name):
    """A network with weights, in evaluation mode."""
    torch.manual_seed(sum(name.encode()))
    model = architecture(name).eval()
    norms = [m for m in model.modules() if isinstance(m, nn.BatchNorm2d)]
    if not norms:
        for module in model.modules():
            if isinstance(module, (nn.Conv2d, nn.Linear)):
                nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
    momenta = [m.momentum for m in norms]
    for module in norms:
        module.momentum = None
        module.train()
    if norms:
        model(pictures(name)[:8])
    for module, momentum in zip(norms, momenta):
        module.momentum = momentum
    return model.eval()


class Cache:
    """Files of the networks in a folder; what is missing is made."""

    def __init__(self, folder):
        versions = f"torch-{torch.__version__}-torchvision-{torchvision.__version__}-{RECIPE}"
        self.folder = pathlib.Path(folder) / versions
        self.folder.mkdir(parents=True, exist_ok=True)

    def path(self, name, ending):
        return self.folder / f"{name}.{ending}"

    def prepare(self, name):
        """Makes a network's files unless they are there; the ONNX file comes last and whole."""
        if self.path(name, "onnx").exists():
            return
        model, images = made(name), pictures(name)
        torch.save(model.state_dict(), self.path(name, "pt"))
        np.save(self.path(name, "npy"), images.numpy())
        partial = self.path(name, "onnx.partial")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            # What is to be trained keeps its normalisation; otherwise convolutions take it over.
            keeps = {"training": torch.onnx.TrainingMode.PRESERVE, "do_constant_folding": False}
            torch.onnx.export(model, (images[:1],), str(partial), dynamo=False, opset_version=17,
                              input_names=["input"], output_names=["scores"],
                              dynamic_axes={"input": {0: "batch"}, "scores": {0: "batch"}},
                              **(keeps if name in TRAINED else {}))
        os.replace(partial, self.path(name, "onnx"))

    def load(self, name):
        """The network as PyTorch runs it: in evaluation mode, gradients of the input only."""
        model = architecture(name)
        model.load_state_dict(torch.load(self.path(name, "pt"), weights_only=True))
        return model.eval().requires_grad_(False)

    def load_for_training(self, name):
        """The network as it is trained, with gradients of all parameters."""
        return self.load(name).train().requires_grad_(True)

    def pictures(self, name, batch):
        """So many pictures, starting over after the last."""
        images = torch.from_numpy(np.load(self.path(name, "npy")))
        return images[torch.arange(batch) % len(images)]
