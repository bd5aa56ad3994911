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
SIDES = {"small": 32}
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


def architecture(name):
    return small() if name == "small" else torchvision.models.get_model(name, weights=None)


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
            torch.onnx.export(model, (images[:1],), str(partial), dynamo=False, opset_version=17,
                              input_names=["input"], output_names=["scores"],
                              dynamic_axes={"input": {0: "batch"}, "scores": {0: "batch"}})
        os.replace(partial, self.path(name, "onnx"))

    def load(self, name):
        """The network as PyTorch runs it: in evaluation mode, gradients of the input only."""
        model = architecture(name)
        model.load_state_dict(torch.load(self.path(name, "pt"), weights_only=True))
        return model.eval().requires_grad_(False)

    def pictures(self, name, batch):
        """So many pictures, starting over after the last."""
        images = torch.from_numpy(np.load(self.path(name, "npy")))
        return images[torch.arange(batch) % len(images)]
