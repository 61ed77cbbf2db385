"""Events within a tree, while it is replayed: who waits for what, who is there, what was lost; no I/O.

See `durahub_migrate.targets.ghost.coupling` for why senders and receivers wait for one another.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from durahub.errors import ReplayDiverged
from durahub_migrate.targets.ghost.coupling import Coupling, Sent, Taken
from durahub_migrate.targets.ghost.replay import Replay


@dataclass(slots=True)
class Exchange:
    """What is sent within the tree of *replays*, by the IDs of its members at the target."""

    replays: Mapping[str, Replay]
    coupling: Coupling = field(default_factory=Coupling)
    delivered: set[Taken] = field(default_factory=set)  # by their senders, in this run
    ends_at: dict[str, tuple[str, int]] = field(default_factory=dict)  # children: input of a parent
    there: set[str] = field(default_factory=set)
    waited: dict[str, int] = field(default_factory=dict)  # the next input of each
    _lost: set[Sent] = field(default_factory=set)  # nobody was there

    def __bool__(self) -> bool:
        """Tell whether any event is sent within the tree."""
        return bool(self.coupling)

    def may_send(self, replay: Replay, outputs: Sequence[int], *, ends: bool) -> bool:
        """Tell whether what a turn sends within the tree is what each receiver waits for now."""
        target_id = replay.member.target_id
        if ends and not self.may_end(target_id):
            return False
        ahead = dict(self.waited)
        for index in outputs:
            sent = Sent(target_id, index)
            receiver = self.coupling.to.get(sent)
            if receiver is None or not self.is_there(receiver):
                continue
            other, taken = self.replays[receiver], self.coupling.gives.get(sent)
            if taken is None:
                raise ReplayDiverged(
                    replay.member.instance_id,
                    f"it has sent {other.member.instance_id!r} an event that is forgotten there, and the "
                    "target may deliver it again",
                )
            script = other.member.script
            is_last = script is None or taken.input >= len(script.inputs)
            if receiver == target_id:
                continue
            if is_last and other.halt is None:
                return False
            if not is_last and ahead.get(receiver) != taken.input:
                return False
            ahead[receiver] = taken.input + 1
        return True

    def may_end(self, target_id: str) -> bool:
        """Tell whether a child's end is what its parent waits for now."""
        parent, place = self.ends_at.get(target_id, ("", 0))
        waits = self.replays.get(parent)
        if waits is None or not self.is_there(parent):
            return True
        script = waits.script
        if place >= len(script.inputs):
            return waits.halt is not None
        return self.waited.get(parent) == place

    def is_there(self, target_id: str) -> bool:
        """Tell whether an event to a member would reach it."""
        replay = self.replays[target_id]
        script = replay.member.script
        if script is None:
            return target_id in self.there
        return target_id in self.there and not (script.end is not None and replay.halt is not None)

    def reaches(self, sent: Sent) -> bool:
        """Tell whether an event is sent to a member that is there."""
        receiver = self.coupling.to.get(sent)
        return receiver is not None and self.is_there(receiver)

    def note_sent(self, sent: Sent) -> None:
        """Note that the target has taken an event; one to nobody is lost there."""
        receiver = self.coupling.to.get(sent)
        if receiver is None:
            return
        taken = self.coupling.gives.get(sent)
        if not self.is_there(receiver):
            self._lost.add(sent)
        elif taken is not None:
            self.delivered.add(taken)

    def is_given(self, receiver: str, index: int) -> bool:
        """Tell whether an input comes from its sender by itself."""
        sent = self.coupling.takes.get(Taken(receiver, index))
        return sent is not None and sent not in self._lost

    def is_early(self, target_id: str, index: int, seen: int) -> bool:
        """Tell whether a member sends itself an event that is not yet the next of its *seen* inputs."""
        taken = self.coupling.gives.get(Sent(target_id, index))
        return taken is not None and taken.receiver == target_id and taken.input > seen
