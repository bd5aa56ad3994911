"""Our side of a comparison."""

import contextlib
import pathlib
import subprocess


class Tidemark:
    """`bench --serve` as a child process, which holds one network."""

    def __init__(self, bench, model, pictures, threads, preprocess="raw"):
        command = [bench, "--serve", model, "--pictures", pictures, "--threads", str(threads),
                   "--preprocess", preprocess]
        self.process = subprocess.Popen([str(part) for part in command], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True)
        ready, operations, limit, self.engine = self.line().split(" ", 3)
        assert ready == "ready"
        self.operations, self.batch_limit = int(operations), int(limit)

    def line(self):
        line = self.process.stdout.readline().strip()
        if not line or line.startswith("error:"):
            raise RuntimeError(line or "bench has ended; its message is above")
        return line

    def ask(self, text):
        self.process.stdin.write(text + "\n")
        self.process.stdin.flush()
        return [float(word) for word in self.line().split()]

    def peak_mebibytes(self):
        return peak_mebibytes(self.process.pid)

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def peak_mebibytes(pid="self"):
    """The most memory that a process ever had in use; None where the system does not tell."""
    with contextlib.suppress(OSError):
        for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) / 1024
    return None
