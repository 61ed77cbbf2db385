"""What is said of every unfinished instance of the recorded .NET hubs, against a table and against .NET."""

from pathlib import Path

import pytest

from durahub.engine.entities.ids import is_entity
from durahub_migrate.monitor.row import ENDED
from durahub_migrate.monitor.waiting import Explanation, Pending, Reason
from tests.golden.recorded import HUBS, RecordedHub
from tests.monitor.explaining.golden import recorded

TABLE = Path(__file__).with_name("recorded_reasons.txt")
"""``hub | instance | reason with nobody there | reason with workers | what is open``."""
_BY_FINISH = {"raise": Reason.EVENT_OR_ENTITY, "resume": Reason.SUSPENDED}


def lines(hub: RecordedHub) -> list[str]:
    """Return the lines of the table about a hub."""
    alone = {one.instance_id: one for one in recorded(hub, workers=False).explained()}
    served = {one.instance_id: one for one in recorded(hub, workers=True).explained()}
    return [
        " | ".join((hub.name, name, one.reason.value, served[name].reason.value, _open(one)))
        for name, one in sorted(alone.items())
        if one.reason is not Reason.ENDED and not _is_idle_entity(one)
    ]


def _is_idle_entity(one: Explanation) -> bool:
    return is_entity(one.instance_id) and one.reason is Reason.EVENT_OR_ENTITY


def _open(one: Explanation) -> str:
    return ", ".join(map(_shown, one.pending)) or "-"


def _shown(one: Pending) -> str:
    tried = f"#{one.attempt}" if one.attempt > 1 else ""
    return f"{one.what} {one.name or one.instance_id or ''}".strip() + tried


@pytest.mark.parametrize("hub", HUBS, ids=lambda hub: hub.name)
def test_every_unfinished_instance_has_the_reason_of_the_table(hub: RecordedHub) -> None:
    table = TABLE.read_text("utf-8").splitlines()
    assert lines(hub) == [line for line in table if line.startswith(f"{hub.name} | ")]


@pytest.mark.parametrize("hub", HUBS, ids=lambda hub: hub.name)
def test_what_dotnet_calls_ended_has_ended_and_nothing_else(hub: RecordedHub) -> None:
    found = {one.instance_id: one for one in recorded(hub, workers=True).explained()}
    for instance_id, told in hub.expected.items():
        one = found[instance_id]
        if one.reason is Reason.STATUS_DISAGREES:
            assert told["status"] == "Running"  # the row, which a crash left behind
            continue
        assert (one.reason is Reason.ENDED) == (told["status"] in ENDED), instance_id


@pytest.mark.parametrize("hub", HUBS, ids=lambda hub: hub.name)
def test_what_a_client_did_to_finish_an_instance_is_what_it_waited_for(hub: RecordedHub) -> None:
    found = {one.instance_id: one for one in recorded(hub, workers=True).explained()}
    steps = [step for step in hub.finish if step["op"] in _BY_FINISH and step["id"] in found]
    touched = {step["id"] for step in steps}
    for step in steps:
        one = found[step["id"]]
        if one.reason is Reason.SCHEDULED or Reason.NEVER_STARTED in one.reasons:
            continue
        told = {reason for other in (one, *one.chain) for reason in other.reasons}
        at_start = any(pending.what == "start" for pending in one.pending)
        busy = any(pending.what in ("activity", "child") for pending in one.pending)
        asked = "request to suspend" in one.sentence  # which has not been taken yet
        assert at_start or busy or asked or _BY_FINISH[step["op"]] in told, step["id"]
    for one in found.values():
        if one.reason is Reason.EVENT_OR_ENTITY and not is_entity(one.instance_id):
            ended = hub.finished.get(one.instance_id, {}).get("status")
            assert one.instance_id in touched or ended not in ("Completed", "Failed")


@pytest.mark.parametrize("hub", HUBS, ids=lambda hub: hub.name)
@pytest.mark.parametrize("workers", [True, False])
def test_every_explanation_is_whole(hub: RecordedHub, workers: bool) -> None:
    for one in recorded(hub, workers=workers).explained():
        assert one.sentence.endswith((".", "…"))
        assert one.sentence[0].isupper() or not one.sentence[0].isalpha()
        assert one.evidence
        assert one.reasons[0] is one.reason
