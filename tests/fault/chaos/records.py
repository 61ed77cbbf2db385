"""What happened, kept outside durahub: JSON lines in a file that several processes append to.

An activity notes ``{"ran": "sequence-7/0", "pid": …}``; the client notes what it asks before it asks,
and what it was told: ``{"asks"|"told": "start"|"event", "id": …, "text": …}``.
"""

import json
import os
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


def append(file: str | Path, said: Mapping[str, Any]) -> None:
    """Append a line, and have it on the disk."""
    descriptor = os.open(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        os.write(descriptor, f"{json.dumps(said)}\n".encode())
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@dataclass
class Records:
    """What the lines say."""

    started: set[str] = field(default_factory=set)  # accepted
    asked: set[str] = field(default_factory=set)  # to be started, accepted or not
    events: dict[str, set[str]] = field(default_factory=dict)  # accepted, by instance
    asked_events: dict[str, set[str]] = field(default_factory=dict)
    runs: Counter[str] = field(default_factory=Counter)  # of activities
    first: dict[str, int] = field(default_factory=dict)  # the line of an activity's first run

    @classmethod
    def read(cls, file: Path) -> "Records":
        found = cls()
        for number, line in enumerate(file.read_text("utf-8").splitlines()):
            found.take(number, json.loads(line))
        return found

    def take(self, number: int, said: Mapping[str, Any]) -> None:
        """Take the line *number*."""
        if "ran" in said:
            self.runs[said["ran"]] += 1
            self.first.setdefault(said["ran"], number)
        elif said.get("asks") == "start":
            self.asked.add(said["id"])
        elif said.get("told") == "start":
            self.started.add(said["id"])
        elif said.get("asks") == "event":
            self.asked_events.setdefault(said["id"], set()).add(said["text"])
        elif said.get("told") == "event":
            self.events.setdefault(said["id"], set()).add(said["text"])
