"""Times the search for nearest flips against foolbox's DDN and FMN, interleaved, with the distances each finds.

`Benchmarks/boundary` builds and starts this; Benchmarks/README.md says what is measured and how.
"""

import argparse
import statistics
import time

import foolbox
import numpy as np
import torch

from bench_server import Tidemark
from torch_onnx import TorchNetwork


class Foolbox:
    """An attack of foolbox, all pictures in one batch."""

    def __init__(self, name, attack, network, pictures):
        self.name, self.attack = name, attack
        self.network = network
        self.model = foolbox.PyTorchModel(network, bounds=(0, 1), device="cpu")
        self.pictures = torch.from_numpy(pictures)
        self.classes = network(self.pictures).argmax(1)

    def run(self):
        start = time.perf_counter()
        _, self.points, self.found = self.attack(self.model, self.pictures, self.classes, epsilons=None)
        return 1e3 * (time.perf_counter() - start)

    def distances(self, halvings=24):
        """Of the points brought onto the boundary, which no clock counts."""
        inside, beyond = self.pictures.clone(), self.points.clone()
        for _ in range(halvings):
            middle = (inside + beyond) / 2
            flips = self.network(middle).argmax(1) != self.classes
            beyond[flips] = middle[flips]
            inside[~flips] = middle[~flips]
        lengths = (beyond - self.pictures).flatten(1).norm(dim=1).double().numpy()
        return np.where(self.found.numpy(), lengths, np.nan)


class Ours:
    def __init__(self, server, count, gradients):
        self.name = f"Tidemark, {gradients} gradients"
        self.server, self.count, self.gradients = server, count, gradients

    def run(self):
        return self.server.ask(f"boundary {self.count} 1 {self.gradients}")[0]

    def distances(self):
        return np.array(self.server.ask(f"distances {self.count} {self.gradients}"))


def parsed():
    parser = argparse.ArgumentParser(prog="Benchmarks/boundary", description=__doc__.split("\n")[0])
    parser.add_argument("--bench", required=True, help=argparse.SUPPRESS)
    parser.add_argument("--model", required=True, help="an ONNX network that takes pixels 0...1")
    parser.add_argument("--pictures", required=True, help="pictures [N, C, H, W], a NumPy file of float32")
    parser.add_argument("--count", type=int, default=100, help="how many of them (100)")
    parser.add_argument("--gradients", default="10,20,40,60,100,200", help="budgets, separated by commas")
    parser.add_argument("--rounds", type=int, default=3, help="how often each runs (3)")
    parser.add_argument("--threads", type=int, default=1, help="threads on either side (1)")
    return parser.parse_args()


def main():
    options = parsed()
    torch.set_num_threads(options.threads)
    pictures = np.load(options.pictures)[: options.count].astype(np.float32)
    network = TorchNetwork(options.model).eval()
    with torch.no_grad():
        network(torch.from_numpy(pictures[:1]))
    server = Tidemark(options.bench, options.model, options.pictures, options.threads)
    contenders = [Ours(server, len(pictures), int(n)) for n in options.gradients.split(",")]
    attacks = foolbox.attacks
    contenders += [
        Foolbox("foolbox, DeepFool", attacks.L2DeepFoolAttack(steps=100), network, pictures),
        Foolbox("foolbox, DDN, 100 steps", attacks.DDNAttack(steps=100), network, pictures),
        Foolbox("foolbox, FMN, 100 steps", attacks.L2FMNAttack(steps=100), network, pictures),
    ]
    times = {c.name: [] for c in contenders}
    for round in range(options.rounds):
        for contender in contenders[round:] + contenders[:round]:
            times[contender.name].append(contender.run())
    with torch.no_grad():
        found = {c.name: c.distances() for c in contenders}
    least = np.nanmin(np.stack(list(found.values())), axis=0)
    reference = statistics.median(times["foolbox, DDN, 100 steps"])
    print("| search | found | mean distance / least | ms a picture | DDN-100 / this |")
    print("|---|--:|--:|--:|--:|")
    for name, distances in found.items():
        middle = statistics.median(times[name])
        print(f"| {name} | {np.isfinite(distances).sum()} | {np.nanmean(distances / least):.4f} "
              f"| {middle / len(pictures):.2f} | {reference / middle:.1f} |")
    server.close()


if __name__ == "__main__":
    main()
