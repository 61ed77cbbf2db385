"""The records of what was broken on purpose, one a suite: `docs/trust/*.json`."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parents[2] / "docs" / "trust"
SUITES = ("simulation", "crash-points", "reality", "soak", "authorization", "fuzzing")


@dataclass(frozen=True, slots=True)
class Record:
    """What one run has shown. *figures* are numbers or short texts, by what they are of."""

    suite: str
    command: str
    date: str
    commit: str
    figures: dict[str, int | float | str]


def read(suite: str) -> Record:
    """Return the record of a suite."""
    found: dict[str, Any] = json.loads((FOLDER / f"{suite}.json").read_text("utf-8"))
    return Record(
        suite=found["suite"],
        command=found["command"],
        date=found["date"],
        commit=found["commit"],
        figures=found["figures"],
    )
