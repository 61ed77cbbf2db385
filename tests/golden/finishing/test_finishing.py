"""The recorded hubs, finished by the same app in Python: everything ends as it did under .NET."""

from collections import Counter

import pytest

from tests.conftest import Storage
from tests.golden.finishing.takeover import (
    Takeover,
    compared,
    examine,
    left_over,
    most_runs,
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


@pytest.fixture(scope="module", params=HUBS)
def takeover(
    request: pytest.FixtureRequest, azurite: Storage, tmp_path_factory: pytest.TempPathFactory
) -> Takeover:
    hub = RecordedHub(request.param)
    return take_over(hub, azurite, tmp_path_factory.mktemp(hub.name), within=30)


def told(wrong: dict[str, list[str]]) -> str:
    """Return what is wrong as text, which pytest does not shorten; ``""`` if nothing is."""
    return "\n".join(f"{one}: {what}" for one, found in wrong.items() for what in found)


def test_every_instance_ends_as_under_dotnet(takeover: Takeover) -> None:
    assert takeover.end is not None
    assert told(compared(takeover.hub, takeover.end)) == ""


def test_every_entity_ends_as_under_dotnet(takeover: Takeover) -> None:
    assert takeover.end is not None
    assert told(wrong_entities(takeover.hub, takeover.end)) == ""


def test_no_activity_runs_that_has_its_result(takeover: Takeover) -> None:
    allowed = most_runs(takeover.hub)
    if takeover.hub.name == "crash-outbox":  # its messages are there, and are sent again
        allowed += allowed
    assert takeover.runs - allowed == Counter()


def test_nothing_is_left_but_what_is_due_later(takeover: Takeover) -> None:
    assert takeover.end is not None
    assert left_over(takeover.hub, takeover.end) == []


def test_the_doctor_finds_nothing_that_was_not_there_before(
    takeover: Takeover, azurite: Storage
) -> None:
    assert examine(takeover.hub, azurite) - takeover.ill == frozenset()
