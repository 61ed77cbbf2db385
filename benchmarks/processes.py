"""What processes cost, as Linux counts it in ``/proc``; elsewhere nothing is known of them."""

import os
from dataclasses import dataclass
from pathlib import Path

PROC = Path("/proc")
TICKS = os.sysconf("SC_CLK_TCK") if hasattr(os, "sysconf") else 100  # a second


@dataclass(frozen=True)
class Cost:
    """Of one process since its start."""

    cpu: float  # seconds, user and system
    peak_memory: float  # MiB
    memory: float  # MiB, now


def cost_of(pid: int) -> Cost | None:
    """Return what a running process has cost so far."""
    try:
        # after the name, which is in parentheses and may hold anything, comes field 3
        fields = (PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
        status = (PROC / str(pid) / "status").read_text()
    except OSError:
        return None
    sizes = dict(line.split(":", 1) for line in status.splitlines() if line.startswith("Vm"))
    peak, now = (int(sizes[name].split()[0]) / 1024 for name in ("VmHWM", "VmRSS"))
    return Cost((int(fields[11]) + int(fields[12])) / TICKS, peak, now)


@dataclass(frozen=True)
class Machine:
    """The ticks of all processors since the system's start; none where that is not known."""

    idle: int = 0
    all: int = 0

    @classmethod
    def now(cls) -> "Machine":
        """Return them as they are."""
        try:
            line = (PROC / "stat").read_text().splitlines()[0]
        except OSError:
            return cls()
        ticks = [int(field) for field in line.split()[1:9]]
        return cls(ticks[3] + ticks[4], sum(ticks))  # idle, and waiting for a disk

    def used_by_others(self, before: "Machine", own_seconds: float) -> float:
        """Return how much of the machine was used since *before* beyond our own seconds, 0 to 1."""
        passed = self.all - before.all
        used = passed - (self.idle - before.idle) - own_seconds * TICKS
        return max(used / passed, 0.0) if passed else 0.0


def processor() -> str:
    """Return the processor's name, and how many there are of it."""
    try:
        lines = (PROC / "cpuinfo").read_text().splitlines()
    except OSError:
        lines = []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return f"{os.cpu_count()} x {names[0] if names else 'unknown'}"
