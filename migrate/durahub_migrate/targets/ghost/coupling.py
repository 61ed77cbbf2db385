"""Events within one tree, where the target delivers again what a replayed sender sends; no I/O.

Sender and receiver are replayed at the same time. So what the sender sends *is* what the receiver was given:
it is not raised besides, and the sender waits with it until it is the receiver's next input. For that
children are made where the code has asked for them, not just before they end, and end when their parents
come to it. An event to one that is not there yet, or not any more, is dropped by the target.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from durahub.engine.entities.ids import is_entity
from durahub.model import history as h
from durahub.model.ticks import PER_SECOND
from durahub_migrate.targets.ghost.members import Member
from durahub_migrate.targets.ghost.signs import clock_of

SLACK = 5 * PER_SECOND
"""How much earlier than its sending an event may seem to have arrived: clocks differ."""


@dataclass(frozen=True, slots=True)
class Sent:
    """An event that a member has sent: the sender's ID at the target, and the index of the output."""

    sender: str
    output: int


@dataclass(frozen=True, slots=True)
class Taken:
    """Which input of a member an event is; behind the recorded ones are those on their way."""

    receiver: str
    input: int


@dataclass(slots=True)
class Coupling:
    """Who is given what by whom. *to* has the receiver of each event, also of those that nobody has taken."""

    to: dict[Sent, str] = field(default_factory=dict)
    gives: dict[Sent, Taken] = field(default_factory=dict)
    takes: dict[Taken, Sent] = field(default_factory=dict)

    def __bool__(self) -> bool:
        """Tell whether any event is sent within the tree."""
        return bool(self.to)


def coupling_of(members: Mapping[str, Member], target_id: Callable[[str], str]) -> Coupling:
    """Return who in a tree has given whom what: in the order of sending, the first one that is alike."""
    found = Coupling()
    sent = []
    for sender, member in members.items():
        for index, output in enumerate(member.script.outputs if member.script is not None else ()):
            event = output.event
            receiver = target_id(event.eventSent.instanceId)
            if not event.HasField("eventSent") or is_entity(receiver) or receiver not in members:
                continue
            key = (event.eventSent.name.casefold(), event.eventSent.input.value)
            sent.append((clock_of(event), Sent(sender, index), receiver, key))
    for at, one, receiver, key in sorted(sent, key=lambda each: each[0]):
        found.to[one] = receiver
        for place, wanted, came in _given(members[receiver]):
            taken = Taken(receiver, place)
            if wanted == key and taken not in found.takes and came + SLACK >= at:
                found.takes[taken], found.gives[one] = one, taken
                break
    return found


def _given(member: Member) -> list[tuple[int, tuple[str, str], int]]:
    """Return the events that a member is given: place among its inputs, name and content, time."""
    inputs = member.script.inputs if member.script is not None else ()
    found = [
        (place, one.sign.key, int(clock_of(one.event)))
        for place, one in enumerate(inputs)
        if one.sign.kind == "event" and isinstance(one.sign.key, tuple)
    ]
    for place, event in enumerate(member.raised, len(inputs)):
        if isinstance(event, h.EventRaised):
            key = ((event.name or "").casefold(), event.input or "")
            found.append(
                (place, key, 1 << 62)
            )  # it has not come: it is later than all that was sent
    return found
