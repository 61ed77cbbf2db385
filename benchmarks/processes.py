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


def cost_of(pid: int) -> Cost | None:
    """Return what a running process has cost so far."""
    try:
        # after the name, which is in parentheses and may hold anything, comes field 3
        fields = (PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
        status = (PROC / str(pid) / "status").read_text()
    except OSError:
        return None
    peak = next(line.split()[1] for line in status.splitlines() if line.startswith("VmHWM:"))
    return Cost((int(fields[11]) + int(fields[12])) / TICKS, int(peak) / 1024)


def child_of(pid: int, argument: str) -> int | None:
    """Return the child of a process that has *argument* in its command line."""
    for folder in PROC.glob("[0-9]*"):
        try:
            parent = (folder / "stat").read_text().rpartition(")")[2].split()[1]
            command = (folder / "cmdline").read_text()
        except OSError:
            continue  # it has just ended
        if int(parent) == pid and argument in command:
            return int(folder.name)
    return None


def processor() -> str:
    """Return the processor's name, and how many there are of it."""
    try:
        lines = (PROC / "cpuinfo").read_text().splitlines()
    except OSError:
        lines = []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return f"{os.cpu_count()} x {names[0] if names else 'unknown'}"
