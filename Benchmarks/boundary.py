"""Times the search for nearest flips against foolbox's DDN and FMN, interleaved, with the distances each finds.

`Benchmarks/boundary` builds and starts this; Benchmarks/README.md says what is measured and how.
"""

import argparse
import functools
import statistics
import time

import captum.attr
import foolbox
import numpy as np
import torch

from bench_server import Tidemark
from torch_onnx import PRESETS, TorchNetwork


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


class BoundaryIntegratedGradients:
    """foolbox's DDN for the baseline and Captum's integrated gradients from there, of a picture."""

    def __init__(self, network, picture, search, steps):
        self.name = f"foolbox, DDN, {search} steps + Captum"
        self.picture, self.steps = torch.from_numpy(picture), steps
        self.fact = network(self.picture).argmax(1)
        self.model = foolbox.PyTorchModel(network, bounds=(0, 1), device="cpu")
        self.attack = foolbox.attacks.DDNAttack(steps=search)
        self.path = captum.attr.IntegratedGradients(network)

    def run(self):
        start = time.perf_counter()
        _, point, _ = self.attack(self.model, self.picture, self.fact, epsilons=None)
        self.path.attribute(self.picture, baselines=point, target=self.fact, n_steps=self.steps,
                            method="gausslegendre", internal_batch_size=16)
        return 1e3 * (time.perf_counter() - start)


class OurExplanation:
    def __init__(self, name, server, request, workers=1):
        self.name = f"Tidemark, {name}"
        self.server, self.workers = server, workers
        self.request = request + (" split" if workers > 1 else "")

    def run(self):
        return self.server.ask(self.request)[0] / self.workers


class SampledExplanation:
    """Captum's LIME of a picture, with a grid of superpixels, so that nothing but LIME is timed."""

    def __init__(self, network, picture, samples):
        self.name = f"Captum, LIME, {samples} samples"
        self.picture, self.samples = torch.from_numpy(picture), samples
        rows, columns = (torch.arange(size) * 7 // size for size in picture.shape[2:])
        self.regions = (rows[:, None] * 7 + columns[None, :])[None, None]
        self.method = captum.attr.Lime(network)
        self.fact = int(network(self.picture).argmax(1))

    def run(self):
        start = time.perf_counter()
        self.method.attribute(self.picture, target=self.fact, feature_mask=self.regions, n_samples=self.samples,
                              perturbations_per_eval=16)
        return 1e3 * (time.perf_counter() - start)


def parsed():
    parser = argparse.ArgumentParser(prog="Benchmarks/boundary", description=__doc__.split("\n")[0])
    parser.add_argument("--bench", required=True, help=argparse.SUPPRESS)
    parser.add_argument("--model", required=True, help="an ONNX network")
    parser.add_argument("--pictures", required=True, help="pictures [N, C, H, W], a NumPy file of float32")
    parser.add_argument("--count", type=int, default=100, help="how many of them (100)")
    parser.add_argument("--work", choices=WORK, default="search",
                        help="search (of nearest flips); of the first picture, big (boundary integrated gradients) "
                        "or attack (adversarial explanation, beside LIME)")
    parser.add_argument("--preprocess", default="raw", choices=sorted(PRESETS), help="what the network expects (raw)")
    parser.add_argument("--gradients", default="10,20,40,60,100,200", help="budgets, separated by commas")
    parser.add_argument("--rounds", type=int, default=3, help="how often each runs (3)")
    parser.add_argument("--threads", type=int, default=1, help="threads on either side (1)")
    return parser.parse_args()


def interleaved(contenders, rounds):
    """Milliseconds of each contender's runs, by its name."""
    times = {c.name: [] for c in contenders}
    for round in range(rounds):
        turn = round % len(contenders)
        for contender in contenders[turn:] + contenders[:turn]:
            times[contender.name].append(contender.run())
    return times


def searches(options, network, server, pictures):
    ours = [Ours(server, len(pictures), int(n)) for n in options.gradients.split(",")]
    attacks = foolbox.attacks
    theirs = functools.partial(Foolbox, network=network, pictures=pictures)
    contenders = ours + [
        theirs("foolbox, DeepFool", attacks.L2DeepFoolAttack(steps=100)),
        theirs("foolbox, DDN, 100 steps", attacks.DDNAttack(steps=100)),
        theirs("foolbox, FMN, 100 steps", attacks.L2FMNAttack(steps=100)),
    ]
    times = interleaved(contenders, options.rounds)
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


def integrated(options, network, server, pictures, search=20, steps=32):
    request = f"big 1 {search} {steps}"
    contenders = [OurExplanation("one picture at a time", server, request)]
    if options.threads > 1:
        contenders.append(OurExplanation(f"{options.threads} workers", server, request, options.threads))
    contenders.append(BoundaryIntegratedGradients(network, pictures[:1], search, steps))
    explained("boundary integrated gradients", "foolbox + Captum", contenders, options.rounds)


def attacked(options, network, server, pictures, samples=1000):
    contenders = [
        OurExplanation("adversarial explanation as published", server, "attack 1"),
        OurExplanation("adversarial explanation, decisive", server, "decisive 1"),
        OurExplanation(f"LIME, {samples} samples", server, f"lime 1 {samples}"),
        SampledExplanation(network, pictures[:1], samples),
    ]
    explained("explanation", "Captum's LIME", contenders, options.rounds)


def explained(title, other, contenders, rounds):
    """Prints times, and how many times those of the last contender, which is another's, they are."""
    times = interleaved(contenders, rounds)
    reference = statistics.median(times[contenders[-1].name])
    print(f"| {title} | ms a picture | {other} / this |")
    print("|---|--:|--:|")
    for name, runs in times.items():
        middle = statistics.median(runs)
        print(f"| {name} | {middle:.0f} ({min(runs):.0f}–{max(runs):.0f}) | {reference / middle:.1f} |")


WORK = {"search": searches, "big": integrated, "attack": attacked}


def main():
    options = parsed()
    torch.set_num_threads(options.threads)
    pictures = np.load(options.pictures)[: options.count].astype(np.float32)
    network = TorchNetwork(options.model, options.preprocess).eval()
    with torch.no_grad():
        network(torch.from_numpy(pictures[:1]))
    server = Tidemark(options.bench, options.model, options.pictures, options.threads, options.preprocess)
    WORK[options.work](options, network, server, pictures)
    server.close()


if __name__ == "__main__":
    main()
