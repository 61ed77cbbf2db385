"""The recorded .NET hubs, rehearsed with the Python apps that finish them."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from durahub_migrate.cli.rehearse import rehearse
from tests.bundle.exports import exported
from tests.conftest import Storage
from tests.golden.finishing.takeover import APP, app_of
from tests.golden.loading import load
from tests.golden.recorded import HUBS, RecordedHub

pytestmark = pytest.mark.azurite

QUICK = "waiting"
CHANGED = """
import sys
from datetime import timedelta

sys.path.insert(0, {root!r})

from tests.golden.finishing.apps import going_on
from tests.sdk.apps import travel

def Busy(ctx, given):
    yield ctx.call_activity("SayHello", input="first")
    yield ctx.call_activity("Quick", input=given)

def Sleeps(ctx, seconds):
    yield ctx.call_activity("SayHello", input="first")
    yield ctx.create_timer(timedelta(seconds=seconds))

def UsesParts(ctx, given):
    ctx.call_activity("SayHello", input="parts")
    yield ctx.call_sub_orchestrator("Waits", instance_id=f"{{ctx.instance_id}}:waits")

def RetryWaits(ctx, given):
    yield ctx.call_activity("Flaky", input=given)  # and tries no more

changed = {{one.__name__: one for one in (Busy, Sleeps, UsesParts, RetryWaits)}}
known = [changed.get(one.__name__, one) for one in travel.ORCHESTRATIONS]
travel.work(travel.make_worker("localhost:1", "travel", known))
"""


def rehearsed(bundle: Path, *arguments: str) -> list[dict[str, Any]]:
    """Return the verdicts, and the sums behind them."""
    done = CliRunner().invoke(rehearse, [str(bundle), "--format", "json", *arguments])
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return [json.loads(line) for line in done.stdout.split("\n")[:-1]]


@pytest.mark.parametrize(
    "hub",
    [
        pytest.param(hub, id=hub.name, marks=[] if hub.name == QUICK else pytest.mark.slow)
        for hub in HUBS
    ],
)
def test_an_app_that_finishes_a_recorded_hub_fits_it(
    hub: RecordedHub, azurite: Storage, hub_name: str, tmp_path: Path
) -> None:
    asyncio.run(load(hub, azurite.connection_string, hub_name))
    manifest = asyncio.run(exported(azurite.connection_string, hub_name, tmp_path / "b"))
    notes = tmp_path / "notes"
    unfinished = ("Running", "Pending", "Suspended")
    everything = ["--all"] if app_of(hub) != "functions" else []  # it has not all that have ended

    *_, sums = rehearsed(
        tmp_path / "b",
        *("--app", str(APP), *everything, "--", "localhost:1", "travel", app_of(hub), str(notes)),
    )

    counts = manifest.counts.instances
    wanted = sum(counts.values() if everything else (counts.get(one, 0) for one in unfinished))
    outcomes = [sums[one] for one in ("ok", "nondeterministic", "missing", "error")]
    assert outcomes == [wanted, 0, 0, 0]
    assert notes.read_text() == ""  # no activity has run


def test_a_changed_app_does_not_fit_where_it_was_changed(
    azurite: Storage, hub_name: str, tmp_path: Path
) -> None:
    hub = next(one for one in HUBS if one.name == QUICK)
    asyncio.run(load(hub, azurite.connection_string, hub_name))
    asyncio.run(exported(azurite.connection_string, hub_name, tmp_path / "b"))
    app = tmp_path / "app.py"
    app.write_text(CHANGED.format(root=str(Path(__file__).parents[2])))

    *verdicts, _ = rehearsed(tmp_path / "b", "--app", str(app))

    wrong = {one["instanceId"]: one for one in verdicts if one["outcome"] != "ok"}
    told = ("event", "action", "expected", "found")
    said = {one: tuple(found.get(name) for name in told) for one, found in wrong.items()}
    *place, would = said.pop("awaits-retry")
    assert place == [6, 1, "a timer"]
    assert would.startswith("ends: TaskFailedError")
    assert said == {
        "awaits-activity": (6, 1, "activity Slow", "calls activity Quick"),
        "awaits-many": (2, 0, "sub-orchestration Waits", "calls activity SayHello"),
        "awaits-timer-far": (2, 0, "a timer", "calls activity SayHello"),
        "awaits-timer-soon": (2, 0, "a timer", "calls activity SayHello"),
    }
