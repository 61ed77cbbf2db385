"""A history as a sequence diagram."""

import pytest

from durahub.model.history import (
    EventRaised,
    ExecutionResumed,
    ExecutionSuspended,
    TaskScheduled,
    TimerCreated,
)
from durahub_migrate.monitor.histories import SequenceDiagram
from durahub_migrate.monitor.json_form import to_json
from durahub_migrate.monitor.telling.sequence import sequence_of
from tests.golden.recorded import HUBS, RecordedHub
from tests.monitor.telling.histories import (
    at,
    ended,
    live,
    recorded,
    recorded_history,
    started,
    turn,
)


def lines_of(diagram: SequenceDiagram) -> list[tuple[str, str, str, str, int]]:
    return [
        (diagram.lanes[one.from_], diagram.lanes[one.to], one.text, one.outcome, one.count)
        for one in diagram.arrows
    ]


@pytest.mark.parametrize("hub", HUBS, ids=str)
def test_every_recorded_history_has_a_diagram(hub: RecordedHub) -> None:
    for _, history in recorded(hub):
        diagram = sequence_of(history)
        assert len(diagram.kinds) == len(diagram.lanes)
        assert all(max(one.from_, one.to) < len(diagram.lanes) for one in diagram.arrows)
        numbers = [one.event for one in diagram.arrows]
        assert numbers == sorted(number for number in numbers if number is not None)


def test_what_is_done_at_once_is_one_arrow_there_and_one_back() -> None:
    assert lines_of(sequence_of(recorded_history("finished", "fan-out"))) == [
        ("client", "FanOut", "start FanOut", "completed", 1),
        ("FanOut", "Square", "Square", "completed", 50),
        ("Square", "FanOut", "completed", "completed", 50),
        ("FanOut", "client", "Completed", "completed", 1),
    ]


def test_tries_are_arrows_of_their_own() -> None:
    found = lines_of(sequence_of(recorded_history("finished", "retries")))
    assert [one[2:4] for one in found[1:-1]] == [
        ("Flaky", "failed"),
        ("failed", "failed"),
        ("Flaky, attempt 2", "failed"),
        ("failed", "failed"),
        ("Flaky, attempt 3", "completed"),
        ("completed", "completed"),
    ]


def test_locks_are_asked_for_granted_and_released() -> None:
    found = lines_of(sequence_of(recorded_history("entities", "locked-and-released")))
    assert [
        (one[0], one[1], one[2]) for one in found if "lock" in one[2] or one[2] == "release"
    ] == [
        ("Locks", "@counter@la", "lock @counter@la, @counter@lb"),
        ("@counter@la", "Locks", "locks granted"),
        ("Locks", "@counter@la", "release"),
    ]


def test_a_child_is_started_by_its_parent() -> None:
    diagram = sequence_of(recorded_history("finished", "parent:child-1"))
    assert (diagram.lanes[0], diagram.kinds[0]) == ("parent", "parent")
    assert lines_of(diagram)[-1][:2] == ("Child", "parent")


def test_events_and_suspensions_come_from_the_client() -> None:
    history = live(
        (
            *turn(0, started()),
            *turn(1, EventRaised(timestamp=at(1), name="Approval")),
            *turn(2, ExecutionSuspended(timestamp=at(2), reason="lunch")),
            *turn(3, ExecutionResumed(timestamp=at(3))),
        )
    )
    assert [one[2] for one in lines_of(sequence_of(history))[1:]] == [
        "Approval",
        "suspend: lunch",
        "resume",
    ]


def test_a_timer_is_an_arrow_to_oneself() -> None:
    history = live(turn(0, started(), TimerCreated(timestamp=at(0), event_id=0, fire_at=at(60))))
    assert lines_of(sequence_of(history))[-1] == (
        *("Order", "Order", "timer until 2026-01-02T03:05:05Z", "open", 1),
    )


def test_what_is_open_has_no_answer() -> None:
    asked = [TaskScheduled(timestamp=at(0), event_id=n, name="Charge") for n in range(3)]
    found = lines_of(sequence_of(live(turn(0, started(), *asked))))
    assert found[1:] == [("Order", "Charge", "Charge", "open", 3)]


def test_too_many_arrows_are_counted_and_too_many_lanes_share_one() -> None:
    asked = [TaskScheduled(timestamp=at(0), event_id=n, name=f"A{n}") for n in range(100)]
    diagram = sequence_of(live(turn(0, started(), *asked, ended(0))), most=80)
    assert (len(diagram.arrows), diagram.truncated) == (80, 22)
    assert len(diagram.lanes) == 41
    assert diagram.lanes[-1] == "other activities"
    assert "and 22 more" in diagram.mermaid


def test_an_activity_called_like_the_client_has_a_lane_of_its_own() -> None:
    asked = TaskScheduled(timestamp=at(0), event_id=0, name="client")
    diagram = sequence_of(live(turn(0, started(), asked)))
    assert diagram.lanes == ("client", "Order", "client")
    assert (diagram.arrows[1].from_, diagram.arrows[1].to) == (1, 2)


def test_in_json_an_arrow_goes_from_and_to() -> None:
    (arrow, *_) = to_json(sequence_of(recorded_history("finished", "fan-out")))["arrows"]
    assert (arrow["from"], arrow["to"]) == (0, 1)
