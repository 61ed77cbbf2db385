"""The record of a run, as docs/trust keeps it."""

import json
import subprocess
from collections.abc import Mapping, Sequence
from datetime import datetime, timezone
from pathlib import Path


def write(
    report: Path, command: str, figures: Mapping[str, int], others: Sequence[Path] = ()
) -> None:
    """Write the figures of a run of *command*, with those of the earlier reports *others*."""
    earlier = [json.loads(other.read_text("utf-8")) for other in others]
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False
    )
    found = {
        "suite": "reality",
        "command": "; ".join([*(one["command"] for one in earlier), command]),
        "date": datetime.now(timezone.utc).date().isoformat(),
        "commit": commit.stdout.strip(),
        "figures": {name: n for one in earlier for name, n in one["figures"].items()} | figures,
    }
    report.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
