"""What an orchestration sends to entities, in the form in which it is stored.

Its messages are labelled for the sorter of the entity with the time of the episode, so that the label of
a repeated message is the same. The table of labels begins anew with each execution, and is read off what
the history says was sent (`durahub.engine.state`).

Source: orchestration semantics 5.5 and 5.9.
"""

from durahub.engine.actions import SendEntityMessage
from durahub.engine.entities.messages import (
    RELEASE,
    REQUEST,
    Release,
    Request,
    delayed_name,
    guid_text,
    release_text,
    request_text,
)
from durahub.engine.entities.sorter import REORDER_WINDOW, Labels
from durahub.model.history import EventSent, Execution
from durahub.model.ticks import MINIMUM, Ticks


class Calls:
    """The labels of one execution, in the episode that began at *clock*."""

    def __init__(
        self, labels: Labels | None = None, clock: Ticks = MINIMUM, window: float = REORDER_WINDOW
    ) -> None:
        self._labels = labels or Labels()
        self._clock = clock
        self._window = window

    def event(self, action: SendEntityMessage, sender: Execution, now: Ticks) -> EventSent:
        """Return the event of *action*; each call counts as one message more."""
        name, text = self._name_and_text(action, sender)
        return EventSent(
            event_id=action.id, timestamp=now, instance_id=action.target, name=name, input=text
        )

    def _name_and_text(self, action: SendEntityMessage, sender: Execution) -> tuple[str, str]:
        number = guid_text(action.request_id)
        if action.kind == "unlock":
            return RELEASE, release_text(Release(sender.instance_id, number))
        is_lock = action.kind == "lock"
        request = Request(
            id=number,
            operation=None if is_lock else action.operation or "",
            signal=action.kind == "signal",
            input=None if is_lock else action.input,
            parent=sender.instance_id,
            parent_execution=sender.execution_id,
            due=None if is_lock else action.scheduled,
            lock_set=action.lock_set if is_lock else None,
            position=action.position if is_lock else 0,
            trace=action.trace,
            requested=action.requested,
        )
        if request.due is not None:
            return delayed_name(request.due, self._clock), request_text(request)
        labelled = self._labels.label(request, action.target, self._clock, self._window)
        return REQUEST, request_text(labelled)
