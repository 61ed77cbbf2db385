"""Plans of the recorded hubs: ``python -m tests.planning.recorded_plans`` writes what is expected anew.

What is expected was compared with the READMEs of the recordings, by a person: a change wants that again.
"""

import asyncio
import json
import os
import secrets
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from durahub.local.azurite import running_azurite
from durahub.model.ticks import Ticks
from durahub_migrate.contents.indexed import open_content
from durahub_migrate.planning.balance import residue
from durahub_migrate.planning.planning import Planner
from durahub_migrate.planning.request import Request
from durahub_migrate.planning.summary import summary
from tests.bundle.exports import exported
from tests.golden.loading import load
from tests.golden.recorded import HUBS, RecordedHub
from tests.lint.recorded.linting import DAY, HIDDEN, day_after
from tests.planning.planned import TARGETS

FILE = Path(__file__).parent / "expected.json"
PLANNED = ("own", "endpoint")


async def bundle_of(hub: RecordedHub, connection_string: str, name: str, folder: Path) -> None:
    """Export a recorded hub a day after it was recorded: what was not due then is hidden still."""

    def clock() -> Ticks:
        return day_after(hub)

    await load(hub, connection_string, name, hidden=HIDDEN, age=DAY)
    await exported(connection_string, name, folder, clock=clock)


def plan_of(folder: Path, target: str) -> dict[str, Any]:
    """Return what the plan of a bundle says in all."""
    with open_content(folder) as content:
        planner = Planner(content, Request(capabilities=TARGETS[target]))
        units = list(planner.units())
        ending = planner.ending()
    found = summary(units, ending["hidden"])
    assert not any(residue(ending["balance"]).values())
    return {
        "trees": {letter: group.units for letter, group in found.groups.items() if group.units},
        "losses": {code: count for code, count, _, _ in found.told_losses()},
        "blocked": {unit.root_id: list(unit.blockers) for unit in units if unit.blockers},
        "balance": {
            kind: dict(sorted(counts.items())) for kind, counts in ending["balance"].items()
        },
    }


def expected(hub: RecordedHub) -> Mapping[str, Any]:
    """Return what is expected of a hub, by target."""
    found: Mapping[str, Any] = json.loads(FILE.read_bytes())[hub.name]
    return found


def main() -> None:
    """Write what is expected of all hubs."""
    with running_azurite() as azurite:
        asyncio.run(_write(os.environ.get("DURAHUB_TEST_STORAGE") or azurite.connection_string))


async def _write(connection_string: str) -> None:
    found = {}
    for hub in HUBS:
        with tempfile.TemporaryDirectory() as folder:
            bundle = Path(folder) / "b"
            await bundle_of(hub, connection_string, f"Test{secrets.token_hex(6)}", bundle)
            found[hub.name] = {target: plan_of(bundle, target) for target in PLANNED}
    FILE.write_text(json.dumps(found, indent=1, sort_keys=True) + "\n", "utf-8")


if __name__ == "__main__":
    main()
