"""What comes in at an entity: requests into its queue in order, releases, wake-ups."""

from dataclasses import replace

from durahub.engine.entities.messages import (
    RELEASE,
    Release,
    Request,
    guid_text,
    is_request_name,
    release_of,
    request_of,
)
from durahub.engine.entities.scheduler_state import SchedulerState
from durahub.engine.entities.sorter import Receiver
from durahub.errors import BadMessage
from durahub.model.history import Event, EventRaised
from durahub.model.ticks import Ticks, later

EARLY = 0.1  # seconds: what is due so soon is not sent on


def is_readable(event: Event) -> bool:
    """Tell whether an event raised at an entity says what its name promises."""
    if not isinstance(event, EventRaised):
        return False
    try:
        if is_request_name(event.name):
            request_of(event.input)
        elif event.name == RELEASE:
            release_of(event.input)
    except BadMessage:
        return False
    return True


def _asks_for(request: Request, release: Release) -> bool:
    """Tell whether *request* asks for what *release* gives back: the locks of one critical section."""
    return (
        request.is_lock
        and release.id is not None
        and request.parent == release.parent
        and guid_text(request.id) == guid_text(release.id)
    )


class Intake:
    """Takes the events of a batch, one after the other, into the scheduler state.

    ``early`` are the requests that are not due yet.
    """

    def __init__(self, before: SchedulerState, now: Ticks, window: float) -> None:
        self._before = before
        self._now = now
        self._window = window
        self._receiver = Receiver(before.sorting.senders, before.sorting.receive_horizon)
        self._locked_by = before.locked_by
        self._suspended = before.suspended
        self._writes_exists = before.writes_exists
        self._first: list[Request] = []  # of the holder of the lock
        self._queue = list(before.queue)
        self._early: list[Request] = []

    def add(self, event: EventRaised) -> None:
        """Take an event in. Raises `BadMessage`."""
        if is_request_name(event.name):
            self._add_request(request_of(event.input))
        elif event.name == RELEASE:
            self._release(release_of(event.input))
        else:
            self._suspended = False

    def _release(self, release: Release) -> None:
        """Free the lock, and take back a request for it that still waits: nobody would free that again."""
        if release.parent == self._locked_by:
            self._locked_by = None
        for waiting in (self._first, self._queue):
            waiting[:] = [request for request in waiting if not _asks_for(request, release)]

    def _add_request(self, request: Request) -> None:
        self._writes_exists = self._writes_exists or request.is_of_functions
        if request.due is None:
            for one in self._receiver.receive(request, self._window):
                self._enqueue(one)
        elif request.due > later(self._now, EARLY):
            self._early.append(request)
        else:
            self._enqueue(request)

    def _enqueue(self, request: Request) -> None:
        holds = self._locked_by is not None and self._locked_by == request.parent
        (self._first if holds else self._queue).append(request)

    @property
    def early(self) -> tuple[Request, ...]:
        """The requests that came before they are due."""
        return tuple(self._early)

    def finished(self) -> SchedulerState:
        """Return the state with all that came in."""
        sorting = replace(
            self._before.sorting,
            senders=self._receiver.senders,
            receive_horizon=self._receiver.horizon,
        )
        return replace(
            self._before,
            queue=(*self._first, *self._queue),
            locked_by=self._locked_by,
            suspended=self._suspended,
            sorting=sorting,
            writes_exists=self._writes_exists,
        )
