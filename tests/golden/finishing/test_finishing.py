"""The recorded hubs, finished by the same app in Python: everything ends as it did under .NET."""

import time
from collections import Counter
from pathlib import Path

import pytest

from durahub.local.server import ServerProcess
from tests.conftest import Storage
from tests.golden.finishing.stored import HELD, Found
from tests.golden.finishing.takeover import (
    Takeover,
    examine,
    left_over,
    most_runs,
    run_again,
    take_over,
    wrong_entities,
)
from tests.golden.recorded import RecordedHub

pytestmark = [pytest.mark.sdk, pytest.mark.azurite]

HUBS = (
    *("crash-outbox", "crash-history", "crash-instance", "safe1x", "dtfx", "legacy1x"),
    *("edges", "entities", "waiting", "killed", "functions"),
    *("finished", "extended", "tracking"),
)


EXCLUSIVE = ("--level", "exclusive")  # the recorded workers' leases have run out: nobody is there


@pytest.fixture(
    scope="module",
    params=[
        *(pytest.param((hub, ()), id=hub) for hub in HUBS),
        *(
            pytest.param((hub, EXCLUSIVE), id=f"{hub}-exclusive", marks=pytest.mark.slow)
            for hub in HUBS
        ),
    ],
)
def takeover(
    request: pytest.FixtureRequest, azurite: Storage, tmp_path_factory: pytest.TempPathFactory
) -> Takeover:
    group, options = request.param
    hub = RecordedHub(group)
    state = tmp_path_factory.mktemp(hub.name)
    return take_over(hub, azurite, state, within=90, hidden=2, options=options)


def told(wrong: dict[str, list[str]]) -> str:
    """Return what is wrong as text, which pytest does not shorten; ``""`` if nothing is."""
    return "\n".join(f"{one}: {what}" for one, found in wrong.items() for what in found)


def test_every_instance_ends_as_under_dotnet(takeover: Takeover) -> None:
    assert told(takeover.compared()) == ""


def test_every_entity_ends_as_under_dotnet(takeover: Takeover) -> None:
    assert told(wrong_entities(takeover.hub, takeover.end)) == ""


def test_no_activity_runs_that_has_its_result(takeover: Takeover) -> None:
    allowed = most_runs(takeover.hub)
    if takeover.hub.name == "crash-outbox":  # its messages are there, and are sent again
        allowed += allowed
    assert takeover.runs - allowed == Counter()


def test_nothing_is_left_but_what_is_due_later(takeover: Takeover) -> None:
    assert left_over(takeover.hub, takeover.end) == []


def test_the_doctor_finds_nothing_that_was_not_there_before(
    takeover: Takeover, azurite: Storage
) -> None:
    now = examine(takeover.names, azurite.connection_string)
    assert now - takeover.ill == frozenset()


def test_nothing_is_made_that_was_not_there_before(takeover: Takeover) -> None:
    """Above all no other partition manager's."""
    made = takeover.end.parts - takeover.before.parts
    assert made <= {takeover.names.large_messages_container}


@pytest.mark.parametrize("group", ["waiting", "entities", "tracking"])
def test_a_hub_of_another_name_ends_alike(
    group: str, azurite: Storage, tmp_path: Path, hub_name: str
) -> None:
    takeover = take_over(RecordedHub(group), azurite, tmp_path, within=90, name=hub_name)

    assert told(takeover.compared()) == ""
    assert told(wrong_entities(takeover.hub, takeover.end)) == ""
    assert left_over(takeover.hub, takeover.end) == []


@pytest.mark.slow
def test_retries_that_wait_as_long_as_they_did_end_alike(
    azurite: Storage, tmp_path: Path, hub_name: str
) -> None:
    hub = RecordedHub("waiting")
    takeover = take_over(hub, azurite, tmp_path, within=100, name=hub_name, pauses=True)

    assert told(takeover.compared()) == ""


@pytest.mark.fault
@pytest.mark.parametrize("level", ["default", "exclusive"])
@pytest.mark.parametrize(
    "group",
    [
        "crash-outbox",
        "crash-history",
        "crash-instance",
        "killed",
        "waiting",
        "entities",
        "functions",
    ],
)
def test_a_hub_ends_alike_though_the_server_is_killed_meanwhile(
    group: str, level: str, azurite: Storage, tmp_path: Path, hub_name: str
) -> None:
    """It comes back under its own name, so that it need not wait for its own leases."""

    def kill(server: ServerProcess) -> None:
        for _ in range(2):
            time.sleep(1.0)  # while it works: when exactly does not matter
            server.kill()
            server.start()

    options = ("--worker-id", "finisher", "--visibility", "3", "--level", level)
    takeover = take_over(
        RecordedHub(group),
        azurite,
        tmp_path,
        within=120,
        name=hub_name,
        options=options,
        disturb=kill,
    )

    different = {one for one, found in takeover.compared().items() if found}
    # It ends by how often it was called: whoever runs it once more for a kill need not try as often.
    assert different <= run_again(takeover, "Flaky"), told(takeover.compared())
    assert {takeover.end.lines[one]["status"] for one in different} <= {"Completed"}
    assert told(wrong_entities(takeover.hub, takeover.end)) == ""
    now = examine(takeover.names, azurite.connection_string)
    assert {found for found in now - takeover.ill if not is_of_a_kill(found)} == set()


def is_of_a_kill(found: Found) -> bool:
    """Tell whether a kill leaves that by itself.

    The lease of the killed server may stand there, run out or not: the test is over when the hub is finished.
    And a payload may be there of a checkpoint whose rows, which come behind it, were not written any more.
    """
    rule, where, _ = found
    return rule in (HELD, "stale-lease") or (rule == "orphaned-blob" and "/history-" in where)
