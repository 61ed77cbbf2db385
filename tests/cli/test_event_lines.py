"""What a line of ``durahub instance history`` tells of an event."""

from durahub.cli.event_view import event_line
from durahub.model.history import TaskCompleted
from durahub.model.ticks import parse

NOW = parse("2026-01-15T09:30:00Z")


def test_the_result_of_the_first_action_tells_which_one_it_is_of() -> None:
    """Its number is 0, which is not nothing."""
    line = event_line(TaskCompleted(timestamp=NOW, task_scheduled_id=0, result='"paid"'))
    assert line == ("2026-01-15T09:30:00Z", "TaskCompleted", "", 'taskScheduledId=0  result="paid"')
