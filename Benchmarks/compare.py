"""Times Tidemark and PyTorch at the same work, on the same cores, interleaved round by round.

`Benchmarks/compare` builds and starts this; Benchmarks/README.md says what is measured and how.
"""

import argparse
import contextlib
import datetime
import gc
import os
import pathlib
import platform
import shlex
import statistics
import subprocess
import sys
import time
import warnings

from bench_server import Tidemark, peak_mebibytes

HERE = pathlib.Path(__file__).resolve().parent
WORK = ("forward", "gradient", "ig")
ALL_WORK = (*WORK, "inversion", "train")
EXPLANATIONS = ("ig", "inversion")
STEPS = 32
BURST = 0.25  # Seconds of runs of one contender before the next one's turn.
WARM = 0.2  # Shorter runs than this are warmed up in every burst.


# Contenders: each has a name and run(n), which gives the milliseconds of n runs.


class TidemarkRuns:
    def __init__(self, server, name, work, batch, split=0):
        self.server, self.name, self.split = server, name, split
        self.work, self.batch = work, batch

    def run(self, count):
        request = f"{self.work} {self.batch} {count}"
        request += f" {STEPS}" if self.work == "ig" else ""
        times = self.server.ask(request + (" split" if self.split else ""))
        # Split explanations are of a picture for each thread.
        pictures = self.split if self.split and self.work in EXPLANATIONS else 1
        return [milliseconds / pictures for milliseconds in times]


class TorchRuns:
    """PyTorch in this process: one of its layouts, compiled or not."""

    def __init__(self, name, model, images, work, batch):
        self.name = name
        self.body = torch_body(model, images, work, batch)

    def run(self, count):
        times = []
        for _ in range(count):
            start = time.perf_counter()
            self.body()
            times.append(1e3 * (time.perf_counter() - start))
        return times


def torch_body(model, images, work, batch):
    """One run of the work. The gradient is that of class 0's score at the input, and nothing else's."""
    import torch

    if work == "forward":
        def forward():
            with torch.inference_mode():
                return model(images)
        return forward
    if work == "train":
        return training_step(model, images)[0]
    if work == "gradient":
        def gradient():
            leaf = images.detach().requires_grad_()
            scores = model(leaf)
            return scores, torch.autograd.grad(scores[:, 0].sum(), leaf)[0]
        return gradient
    if work == "inversion":
        return lambda: guided_feature_inversion(model, images[:1])
    from captum.attr import IntegratedGradients
    method, picture = IntegratedGradients(model), images[:1]
    return lambda: method.attribute(picture, baselines=0, target=0, n_steps=STEPS,
                                    internal_batch_size=batch)


def guided_feature_inversion(model, picture, steps=(10, 70)):
    """The mask of Du et al. 2018 for class 0, from the maps of the last features, without penalties."""
    import torch
    from torch.nn.functional import interpolate
    from torchvision.transforms.functional import gaussian_blur

    with torch.no_grad():
        maps = model.features(picture)
        background = gaussian_blur(picture, 63, 11)

    def mask(weights):
        combined = (weights.view(1, -1, 1, 1) * maps).sum(1, keepdim=True)
        low, high = combined.min(), combined.max()
        return interpolate((combined - low) / (high - low), picture.shape[2:], mode="bilinear")

    def descend(weights, count, loss, halving):
        optimizer = torch.optim.Adam([weights], lr=1e-2)
        for step in range(count):
            optimizer.param_groups[0]["lr"] = 1e-2 * 0.5 ** (step // 10 if halving else 0)
            gradient, = torch.autograd.grad(loss(mask(weights)), weights)
            weights.grad = gradient
            optimizer.step()
            with torch.no_grad():
                weights.clamp_(min=0)

    def inversion(m):
        return (model.features(picture * m + background * (1 - m)) - maps).square().sum()

    def decision(m):
        both = torch.cat([picture * m + background * (1 - m), picture * (1 - m) + background * m])
        kept, removed = model(both).softmax(1)[:, 0]
        return removed - kept

    weights = torch.full((maps.shape[1],), 0.1, requires_grad=True)
    descend(weights, steps[0], inversion, halving=False)
    descend(weights, steps[1], decision, halving=True)
    return mask(weights.detach())


def training_step(model, images):
    """A step of a training, with momentum, and the loss without one."""
    import torch

    labels = torch.arange(len(images))
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-3, momentum=0.9)

    def loss():
        scores = model(images)
        return torch.nn.functional.cross_entropy(scores, labels % scores.shape[1])

    def step():
        optimizer.zero_grad()
        loss().backward()
        optimizer.step()
    return step, loss


def loaded(cache, name, work):
    return cache.load_for_training(name) if work == "train" else cache.load(name)


def torch_contenders(cache, name, work, batch, compiles, notes):
    """Those configurations of PyTorch that work, eager NCHW first."""
    import torch

    torch._dynamo.reset()
    images = cache.pictures(name, batch)
    eager = loaded(cache, name, work)
    last = loaded(cache, name, work).to(memory_format=torch.channels_last)
    last_images = images.contiguous(memory_format=torch.channels_last)
    yield TorchRuns("eager", eager, images, work, batch)
    yield TorchRuns("channels_last", last, last_images, work, batch)
    for label, model, pictures in (("compile", eager, images),
                                   ("compile channels_last", last, last_images)):
        if not compiles or work == "train":
            continue
        try:
            compiled = TorchRuns(label, torch.compile(model, dynamic=False), pictures, work, batch)
            start = time.perf_counter()
            compiled.run(1)
            say(f"  {label}: {time.perf_counter() - start:.1f} s to compile")
        except Exception as error:
            text = (str(error).strip() or type(error).__name__).splitlines()[0][:160]
            notes.append(f"{name}, batch {batch}, {work}: torch.compile failed in {label}: {text}")
            continue
        yield compiled


# Measuring


def interleaved(contenders, rounds):
    """Milliseconds of each contender's runs. Every round turns the order by one."""
    counts, warm = {}, {}
    for contender in contenders:
        seconds = min(contender.run(2)) / 1e3
        counts[contender] = max(1, min(50, round(BURST / seconds)))
        warm[contender] = 1 if seconds < WARM else 0
    times = {contender: [] for contender in contenders}
    for number in range(rounds):
        turn = number % len(contenders)
        for contender in contenders[turn:] + contenders[:turn]:
            # The other side's threads spin for a moment after their work.
            time.sleep(0.02)
            first = warm[contender]
            times[contender] += contender.run(first + counts[contender])[first:]
    return times


def quantile(times, part):
    ordered = sorted(times)
    return ordered[round((len(ordered) - 1) * part)]


def print_torch_memory(options):
    """In a process of its own: peak memory of eager PyTorch, before there is a network and after a few runs."""
    from networks import Cache
    import torch

    name, work, batch = options.torch_memory.split(",")
    torch.set_num_threads(options.threads)
    if work == "ig":
        import captum.attr  # noqa: F401
    cache = Cache(options.cache)
    before = peak_mebibytes()
    body = torch_body(loaded(cache, name, work), cache.pictures(name, int(batch)), work, int(batch))
    for _ in range(1 if work == "ig" else 3):
        body()
    print(before, peak_mebibytes())


def torch_memory(options, name, work, batch):
    if peak_mebibytes() is None:
        return None, None
    command = [sys.executable, "-B", __file__, "--cache", options.cache, "--threads", options.threads,
               "--torch-memory", f"{name},{work},{batch}"]
    answer = subprocess.run([str(part) for part in command], check=True, text=True,
                            stdout=subprocess.PIPE)
    return tuple(float(word) for word in answer.stdout.split())


def flop_peak(options):
    """GFLOP/s of one core and of all threads, by a loop of multiply-adds; None without a compiler."""
    program = pathlib.Path(options.cache) / "peak"
    native = "-mcpu=native" if platform.machine() == "arm64" else "-march=native"
    compiler = shlex.split(os.environ.get("CC", "cc"))
    try:
        subprocess.run([*compiler, "-O3", native, "-pthread", str(HERE / "peak.c"), "-o", str(program)],
                       check=True, capture_output=True)
        answer = subprocess.run([str(program), str(options.threads)], check=True, text=True,
                                stdout=subprocess.PIPE)
    except (OSError, subprocess.CalledProcessError):
        return None
    one, all_threads = map(float, answer.stdout.split())
    return one, all_threads


class Row:
    """One network at one batch and one kind of work, measured."""

    def __init__(self, options, cache, name, batch, work, notes):
        self.name, self.batch, self.work = name, batch, work
        server = Tidemark(options.bench, cache.path(name, "onnx"), cache.path(name, "npy"),
                          options.threads)
        try:
            self.engine = server.engine
            wide = TidemarkRuns(server, f"{options.threads} threads", work, batch)
            wide.run(2)
            self.memory = server.peak_mebibytes()
            ours = [wide]
            if options.workers and options.threads > 1 and work != "train" and (
                    work in EXPLANATIONS or batch >= options.threads):
                name_of_split = f"{options.threads} workers"
                ours.append(TidemarkRuns(server, name_of_split, work, batch, options.threads))
            theirs = list(torch_contenders(cache, name, work, batch, options.compile, notes))
            self.check(server, cache, notes)
            times = interleaved(ours + theirs, options.rounds)
        finally:
            server.close()
        self.times = {contender.name: times[contender] for contender in ours + theirs}
        median = {key: statistics.median(values) for key, values in self.times.items()}
        self.median = median
        self.ours = min((contender.name for contender in ours), key=median.get)
        self.best = min((contender.name for contender in theirs), key=median.get)
        self.torch_base, self.torch_memory = torch_memory(options, name, work, batch)
        # Operations for one run: a backward pass counts as much as a forward pass.
        passes = {"forward": batch, "gradient": 2 * batch, "ig": 2 * STEPS,
                  "inversion": 2 * (10 + 2 * 70),
                  "train": 3 * batch}[work]
        self.giga = 1e-9 * server.operations * passes

    def check(self, server, cache, notes):
        """Notes it when both sides do not compute the same."""
        import torch

        if self.work in EXPLANATIONS:
            return
        if self.work == "train":
            model = cache.load_for_training(self.name)
            loss = training_step(model, cache.pictures(self.name, self.batch))[1]()
            loss.backward()
            total = sum(float(p.grad.abs().double().sum()) for p in model.parameters())
            self.note_differences(notes, ("losses", "gradients"),
                                  server.ask(f"training-norms {self.batch}"), (float(loss), total))
            return
        scores, gradient = torch_body(cache.load(self.name), cache.pictures(self.name, self.batch),
                                      "gradient", self.batch)()
        theirs = [float(value.detach().abs().double().sum()) for value in (scores, gradient)]
        self.note_differences(notes, ("scores", "gradients"), server.ask(f"norms {self.batch}"), theirs)

    def note_differences(self, notes, names, ours, theirs):
        for what, a, b in zip(names, ours, theirs):
            if not abs(a - b) <= 0.02 * abs(b):
                notes.append(f"{self.name}, batch {self.batch}: the {what} of both sides differ: "
                             f"sums of magnitudes {a:.6g} and {b:.6g}")

    def spread(self, key):
        times = self.times[key]
        return (f"{figure(self.median[key])} ({figure(quantile(times, 0.1))}–"
                f"{figure(quantile(times, 0.9))})")

    def rate(self, key):
        return 1e3 * self.giga / self.median[key]

    def cells(self, peak):
        part = f" ({100 * self.rate(self.ours) / peak[1]:.0f} %)" if peak else ""
        memory = "–" if self.memory is None else f"{self.memory:.0f}"
        theirs = ("–" if self.torch_memory is None else
                  f"{self.torch_memory:.0f} ({self.torch_base:.0f})")
        mine = self.median[self.ours]
        return [self.name, str(self.batch), self.work, self.spread(self.ours), self.ours,
                self.spread(self.best), self.best, self.spread("eager"),
                f"**{self.median[self.best] / mine:.2f}**", f"{self.median['eager'] / mine:.2f}",
                f"{self.rate(self.ours):.0f}{part}", f"{self.rate(self.best):.0f}", memory, theirs]


COLUMNS = ["network", "batch", "work", "Tidemark, ms", "by", "best PyTorch, ms", "by", "eager, ms",
           "best / ours", "eager / ours", "our GFLOP/s", "best's", "our MiB", "eager's MiB"]


def figure(milliseconds):
    """Three digits, or all before the point."""
    digits = 2 if milliseconds < 10 else 1 if milliseconds < 100 else 0
    return f"{milliseconds:.{digits}f}"


# The machine


class Quiet:
    """How much of the cores went to others: other processes, and other machines on the same host."""

    def __init__(self):
        self.total, self.busy = self.system()
        self.own = self.own_seconds()

    @staticmethod
    def system():
        try:
            fields = pathlib.Path("/proc/stat").read_text().splitlines()[0].split()[1:9]
        except OSError:
            return 0, 0
        ticks = [int(field) / os.sysconf("SC_CLK_TCK") for field in fields]
        return sum(ticks), sum(ticks) - ticks[3] - ticks[4]

    @staticmethod
    def own_seconds():
        times = os.times()
        return times.user + times.system + times.children_user + times.children_system

    def others(self):
        """The part of the cores' time since the beginning, 0...1; None where the system does not tell."""
        total, busy = self.system()
        if total == self.total:
            return None
        own = self.own_seconds() - self.own
        return max(0, busy - self.busy - own) / (total - self.total)


def processor():
    with contextlib.suppress(OSError):
        for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    with contextlib.suppress(OSError, subprocess.CalledProcessError):
        command = ["sysctl", "-n", "machdep.cpu.brand_string"]
        return subprocess.run(command, check=True, text=True, capture_output=True).stdout.strip()
    return platform.processor() or "unknown processor"


def instructions():
    import torch
    return torch.backends.cpu.get_cpu_capability()


def revision():
    """The commit of the sources, and whether they were changed since."""
    def git(*arguments):
        return subprocess.run(["git", "-C", str(HERE), *arguments], text=True,
                              capture_output=True).stdout.strip()
    changed = " and changes" if git("status", "--porcelain") else ""
    return (git("rev-parse", "--short", "HEAD") or "unknown revision") + changed


def say(text):
    """Progress, apart from the report."""
    print(text, file=sys.stderr, flush=True)


# The report


def report(options, rows, peak, load, before, during, notes):
    import captum
    import onnx
    import torch
    import torchvision

    def percent(part):
        return "unknown" if part is None else f"{100 * part:.0f} %"

    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    rates = (f"{peak[0]:.0f} GFLOP/s on one core, {peak[1]:.0f} with {options.threads} threads "
             "(multiply-adds of single precision on registers)" if peak else
             "not measured, no C compiler found")
    lines = [
        "# Tidemark and PyTorch, side by side", "",
        f"- {datetime.datetime.now().astimezone():%Y-%m-%d %H:%M %Z}; {processor()}, "
        f"{os.cpu_count()} cores, {memory:.0f} GiB, {platform.system()} {platform.release()} "
        f"{platform.machine()}",
        f"- Peak: {rates}",
        f"- Load before the run: {load[0]:.2f} (1 min), {load[1]:.2f} (5 min); others used "
        f"{percent(before)} of the cores before and {percent(during)} during the run",
        f"- Tidemark {revision()}, engine {rows[0].engine}",
        f"- PyTorch {torch.__version__} ({instructions()}), torchvision {torchvision.__version__}, "
        f"Captum {captum.__version__}, onnx {onnx.__version__}, Python {platform.python_version()}",
        f"- {options.threads} threads on either side, rounds: {options.rounds}, interleaved; median "
        "(10 %–90 %)", ""]
    if not is_quiet(load, before, during):
        lines += ["**The machine was not quiet: these figures are for direction only.**", ""]
    lines += ["| " + " | ".join(COLUMNS) + " |",
              "|---|--:|---|--:|---|--:|---|--:|--:|--:|--:|--:|--:|--:|"]
    lines += ["| " + " | ".join(row.cells(peak)) + " |" for row in rows]
    lines += ["", "`ig` explains one picture by "
              f"{STEPS} steps in passes of `batch`, `inversion` by 10 and 70 steps; with workers, a "
              "picture for each, and the time is that of one picture's share. A backward pass counts as "
              "many operations as a forward pass, that of a training twice as many; `train` is "
              "forward, back and a step with momentum. Memory is a process's peak at this work alone; for "
              "eager PyTorch, in brackets, what there was before the network was loaded."]
    if not options.compile:
        lines += ["", "PyTorch's best is without torch.compile (`--no-compile`)."]
    if notes:
        lines += ["", *(f"- {note}" for note in notes)]
    return "\n".join(lines) + "\n"


def is_quiet(load, before, during=None):
    return load[0] < 0.5 and (before or 0) < 0.05 and (during or 0) < 0.05


def parsed():
    from networks import NAMES, TRAINED

    def several(allowed):
        def read(text):
            found = [part.strip() for part in text.split(",") if part.strip()]
            wrong = [part for part in found if part not in allowed]
            if wrong or not found:
                raise argparse.ArgumentTypeError(
                    f"expected some of {', '.join(allowed)}, found '{text}'")
            return found
        return read

    def count(text):
        if not text.isdecimal() or int(text) < 1:
            raise argparse.ArgumentTypeError(f"expected a number above 0, found '{text}'")
        return int(text)

    def counts(text):
        return [count(part.strip()) for part in text.split(",")]

    caches = os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache"
    parser = argparse.ArgumentParser(prog="Benchmarks/compare", description=__doc__.splitlines()[0])
    parser.add_argument("--networks", type=several(NAMES + TRAINED),
                        help="comma-separated: " + ",".join(NAMES) + "; " + ",".join(TRAINED)
                        + " for train")
    parser.add_argument("--batches", type=counts, help="1,8,16; 64 for train")
    parser.add_argument("--work", type=several(ALL_WORK), default=list(WORK),
                        help=",".join(WORK) + ", inversion, or train, which is for itself")
    parser.add_argument("--rounds", type=count, default=9, help="bursts of runs of each contender (9)")
    parser.add_argument("--threads", type=count, default=2, help="threads of either side (2)")
    parser.add_argument("--out", type=pathlib.Path, metavar="FILE.md", help="also write the report here")
    parser.add_argument("--compile", action=argparse.BooleanOptionalAction, default=True,
                        help="whether torch.compile takes part")
    parser.add_argument("--workers", action=argparse.BooleanOptionalAction, default=True,
                        help="whether Tidemark may also use one-thread workers side by side")
    parser.add_argument("--cache", type=pathlib.Path, default=pathlib.Path(caches) / "tidemark-compare",
                        help="folder for networks, outside of the repository")
    parser.add_argument("--bench", type=pathlib.Path, help=argparse.SUPPRESS)
    parser.add_argument("--torch-memory", help=argparse.SUPPRESS)
    options = parser.parse_args()
    trains = options.work == ["train"]
    if "train" in options.work and not trains:
        parser.error("train cannot go with other work")
    options.networks = options.networks or list(TRAINED if trains else NAMES)
    options.batches = options.batches or ([64] if trains else [1, 8, 16])
    return options


def run(options):
    from networks import Cache
    import torch

    torch.set_num_threads(options.threads)
    load = os.getloadavg()
    waiting = Quiet()
    time.sleep(3)
    before = waiting.others()
    if not is_quiet(load, before):
        others = "" if before is None else f", and others use {100 * before:.0f} % of the cores"
        say(f"compare: warning: the machine is not quiet: its load was {load[0]:.2f}{others}; "
            "figures will be for direction only")
    cache = Cache(options.cache)
    for name in options.networks:
        say(f"{name}: preparing")
        cache.prepare(name)
    peak = flop_peak(options)
    during = Quiet()
    rows, notes = [], []
    for name in options.networks:
        for batch in options.batches:
            for work in options.work:
                say(f"{name}, batch {batch}, {work}")
                rows.append(Row(options, cache, name, batch, work, notes))
                gc.collect()
    text = report(options, rows, peak, load, before, during.others(), notes)
    print(text, end="")
    if options.out:
        options.out.write_text(text)


def main():
    options = parsed()
    warnings.filterwarnings("ignore")
    if options.torch_memory:
        print_torch_memory(options)
    elif options.bench is None:
        sys.exit("compare: error: start this by Benchmarks/compare, which builds our side")
    else:
        try:
            run(options)
        except (RuntimeError, OSError, subprocess.CalledProcessError) as error:
            sys.exit(f"compare: error: {error}")


main()
