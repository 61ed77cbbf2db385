"""The shop's hub in which everything waits, as a bundle, and plans of its move.

``python -m tests.interrupted.shop FOLDER`` fills it; clients and workers of gRPC stay in that process, for
those who fork must not have any.
"""

import asyncio
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

from durahub_migrate.applying.plan_file import OpenPlan
from durahub_migrate.contents.indexed import open_content
from durahub_migrate.moving import plan as plans
from durahub_migrate.moving.capabilities import CLASSIC_HUB, OWN_STORE, UNPROBED_ENDPOINT
from durahub_migrate.moving.plan import PlanHead
from durahub_migrate.moving.settings import MoveSettings
from durahub_migrate.moving.units import Unit
from durahub_migrate.planning.planning import Planner
from durahub_migrate.planning.request import Request
from tests.bundle.exports import exported_file
from tests.targets.ghost.moved_app import HUB, filled

ROOT = Path(__file__).parents[2]
BUNDLE, PLAN, SOURCE = "shop.hub", "shop.plan", "hub.db"
CAPABILITIES = {
    "file": OWN_STORE,
    "classic": CLASSIC_HUB,
    "own": UNPROBED_ENDPOINT,
    "foreign": UNPROBED_ENDPOINT,
}
"""What targets can do, by the kind of target."""


def fill(folder: Path) -> None:
    """Fill the hub in a process of its own, and export it."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.interrupted.shop", str(folder)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def plan(bundle: Path, kind: str, target: str, file: Path) -> Path:
    """Write the plan of a bundle's move to *target*; return its file."""
    capabilities = CAPABILITIES[kind]
    settings = MoveSettings(numbering=1 if kind == "foreign" else None, allow_unfrozen=True)
    with open_content(bundle) as content:
        planner = Planner(
            content, Request(capabilities=capabilities, settings=settings, ids={}), []
        )
        head = PlanHead(
            tool="durahub test",
            bundle=BUNDLE,
            bundle_root=content.manifest.root,
            frozen=False,
            source="the shop",
            target=target,
            capabilities=capabilities,
            settings=settings,
        )
        file.write_bytes(b"".join(plans.encode(head, planner.units(), ending=planner.ending)))
    return file


def aimed(original: Path, target: str, file: Path) -> Path:
    """Write a plan's copy that moves to another *target*; return its file."""
    with OpenPlan(original) as opened:
        head = replace(opened.head, target=target)
        ending = {name: getattr(opened.end, name) for name in ("balance", "hidden", "strays")}
        units = [unit for unit, _, _ in opened.units()]
    file.write_bytes(b"".join(plans.encode(head, units, ending=lambda: ending)))
    return file


def units_of(file: Path) -> list[Unit]:
    """Return the units of a plan."""
    with OpenPlan(file) as opened:
        return [unit for unit, _, _ in opened.units()]


async def _fill(folder: Path) -> None:
    await filled(folder)
    await exported_file(folder / SOURCE, HUB, folder / BUNDLE)


if __name__ == "__main__":
    asyncio.run(_fill(Path(sys.argv[1])))
