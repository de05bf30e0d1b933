"""Whole processes: wall time and the peak memory of the largest process, by run."""

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from subprocess import DEVNULL, Popen
from tempfile import TemporaryFile
from time import perf_counter


@dataclass(frozen=True)
class Measured:
    """Seconds of each counted run, and the highest peak memory among them in MB."""

    seconds: tuple[float, ...]
    peak_mb: float

    @property
    def median(self) -> float:
        return median(self.seconds)

    def row(self) -> str:
        """Return min, median and max as cells of a table."""
        low, high = min(self.seconds), max(self.seconds)
        return f"{low:.2f} | **{self.median:.2f}** | {high:.2f} | {self.peak_mb:.0f}"


def measure(
    command: Sequence[str],
    runs: int,
    warm_up: int = 1,
    before: Callable[[int], Mapping[str, str]] | None = None,
) -> Measured:
    """Run a command several times, each as a process of its own.

    ``before`` prepares the n-th run and returns what to set in its environment.
    """
    seconds, peaks = [], []
    for n in range(warm_up + runs):
        environment = {**os.environ, **(before(n) if before else {})}
        with TemporaryFile() as errors:
            start = perf_counter()
            process = Popen(command, env=environment, stdout=DEVNULL, stderr=errors)
            # The usage is that of the process and of those it waited for.
            _, status, usage = os.wait4(process.pid, 0)
            elapsed = perf_counter() - start
            process.returncode = os.waitstatus_to_exitcode(status)
            if process.returncode:
                errors.seek(0)
                raise SystemExit(f"{' '.join(command)}: {errors.read().decode()}")
        if n >= warm_up:
            seconds.append(elapsed)
            peaks.append(usage.ru_maxrss * 1024 / 1e6)
    return Measured(tuple(seconds), max(peaks))
