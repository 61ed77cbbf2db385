"""Puts the messages of each sender in order and drops repeated ones, within a window of time.

The sender labels a message with its own time and with that of the message before it to the same target;
the receiver holds back what has come before its predecessor. Neither waits longer than the window: what
is older than the *horizon* passes as it comes. `Labels` and `Receiver` are working copies of one batch
or one turn; nothing else changes them.

What comes late of an execution before passes, too, and the present one goes on in order. DTFx goes back to
the one before, and what the present one sends next would wait for a predecessor that has come already.

Nor does it go back to what was held back and is older than what lets it through. That was sent by a try of a
turn that was lost, and its predecessor never came. DTFx goes back there, too, and what the next try has
sent may then wait for a predecessor that has come already.

Source: DurableTask.Core, ``Entities/StateFormat/MessageSorter.cs``; orchestration semantics 5.5.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from durahub.engine.entities.messages import Request
from durahub.engine.entities.stamps import NONE, Stamp
from durahub.model.ticks import PER_SECOND, Ticks

REORDER_WINDOW = 1800.0  # seconds, as Azure Storage's; 0 turns the sorting off
PAUSE = 10.0  # seconds between two looks for what is past the window


def is_past(horizon: Stamp, now: Ticks, window: float) -> bool:
    """Tell whether it is time to move *horizon* on."""
    return horizon.ticks + round((window + PAUSE) * PER_SECOND) < now


class Labels:
    """The times of what was sent last, by target; the case of an ID means nothing.

    One table belongs to an orchestration's execution, or to an entity for good. ``sent`` is ``None``
    where nothing has ever been labelled.
    """

    def __init__(self, sent: Mapping[str, Stamp] | None = None, horizon: Stamp = NONE) -> None:
        self.sent = dict(sent) if sent is not None else None
        self.horizon = horizon
        self._spelling = _Spelling(self.sent or ())

    def copy(self) -> "Labels":
        """Return a table of its own that says the same."""
        return Labels(self.sent, self.horizon)

    def label(self, request: Request, target: str, now: Ticks, window: float) -> Request:
        """Return *request* with the labels of the next message to *target*."""
        if not window:
            return request
        self._forget(now, window)
        key = self._spelling.of(target)
        last = (self.sent or {}).get(key)
        stamp = Stamp(now)
        if last is not None and now <= last.ticks:
            stamp = Stamp(Ticks(last.ticks + 1), has_zone=False)
        self._note(key, stamp)
        return request.labelled(stamp, last or request.predecessor)

    def note(self, target: str, stamp: Stamp, now: Ticks, window: float) -> None:
        """Note what was labelled already."""
        self._forget(now, window)
        self._note(self._spelling.of(target), stamp)

    def _forget(self, now: Ticks, window: float) -> None:
        if is_past(self.horizon, now, window):
            self.horizon = Stamp(now).earlier(window)
            if self.sent is not None:
                horizon = self.horizon.ticks
                self.sent = {key: s for key, s in self.sent.items() if s.ticks >= horizon}

    def _note(self, key: str, stamp: Stamp) -> None:
        self.sent = self.sent if self.sent is not None else {}
        self.sent[key] = stamp


@dataclass(frozen=True, slots=True, kw_only=True)
class Sender:
    """What was received from one sender: the time of the last message that was let through.

    ``held`` are messages whose predecessors have not come, by time. ``None`` where none ever was.
    """

    last: Stamp = NONE
    execution_id: str | None = None
    held: tuple[Request, ...] | None = None


class Receiver:
    """What an entity has received, by sender. ``senders`` is ``None`` where there is none."""

    def __init__(self, senders: Mapping[str, Sender] | None = None, horizon: Stamp = NONE) -> None:
        self.senders = dict(senders) if senders is not None else None
        self.horizon = horizon
        self._spelling = _Spelling(self.senders or ())
        self._released: list[Request] = []

    def receive(self, request: Request, window: float) -> tuple[Request, ...]:
        """Return what is let through, in order, now that *request* has come; perhaps nothing."""
        if not window or request.parent is None or request.position > 0:
            return (request,)
        self._released = []
        if is_past(self.horizon, request.timestamp.ticks, window):
            self._move_on(request.timestamp.earlier(window))
        if request.timestamp.ticks < self.horizon.ticks:
            self._released.append(request)
        else:
            self._sort(request, request.parent)
        return tuple(self._released)

    def _move_on(self, horizon: Stamp) -> None:
        self.horizon = horizon
        left: dict[str, Sender] = {}
        for key, sender in (self.senders or {}).items():
            if sender.last.ticks < horizon.ticks:
                sender = replace(sender, last=NONE)
            sender = self._release(sender)
            if sender.last.ticks or sender.held:
                left[key] = sender
        self.senders = left or None

    def _sort(self, request: Request, parent: str) -> None:
        self.senders = self.senders if self.senders is not None else {}
        key = self._spelling.of(parent)
        sender = self.senders.get(key)
        if sender is None:
            sender = Sender(execution_id=request.parent_execution)
        elif sender.execution_id != request.parent_execution:
            held = sender.held or ()
            newest = held[-1].timestamp if held else sender.last
            if request.timestamp.ticks <= newest.ticks:
                self._released.append(request)  # of an execution before: it comes late
                return
            self._released.extend(held)
            sender = Sender(
                last=newest,
                execution_id=request.parent_execution,
                held=None if sender.held is None else (),
            )
        predecessor = request.predecessor.ticks
        if request.timestamp.ticks <= sender.last.ticks:
            pass  # it has come before
        elif predecessor > sender.last.ticks and predecessor >= self.horizon.ticks:
            sender = replace(sender, held=_with(sender.held or (), request))
        else:
            self._released.append(request)
            sender = self._release(replace(sender, last=self._last(request)))
        self.senders[key] = sender

    def _release(self, sender: Sender) -> Sender:
        """Let through what *sender* had held back and what now has its predecessor."""
        held = list(sender.held or ())
        last = sender.last
        while held and self._may_pass(held[0], last):
            request = held.pop(0)
            self._released.append(request)
            last = max(last, self._last(request), key=lambda stamp: stamp.ticks)
        return replace(sender, last=last, held=None if sender.held is None else tuple(held))

    def _may_pass(self, request: Request, last: Stamp) -> bool:
        predecessor = request.predecessor.ticks
        return predecessor <= last.ticks or predecessor < self.horizon.ticks

    def _last(self, request: Request) -> Stamp:
        return request.timestamp if request.timestamp.ticks >= self.horizon.ticks else NONE


def _with(held: tuple[Request, ...], request: Request) -> tuple[Request, ...]:
    """Return *held* with *request*, by time; of two with the same time the later one counts."""
    others = (one for one in held if one.timestamp.ticks != request.timestamp.ticks)
    return tuple(sorted((*others, request), key=lambda one: one.timestamp.ticks))


class _Spelling:
    """How an instance ID was spelled first: its case means nothing."""

    def __init__(self, ids: Iterable[str]) -> None:
        self._known = {one.lower(): one for one in ids}

    def of(self, instance_id: str) -> str:
        return self._known.setdefault(instance_id.lower(), instance_id)
