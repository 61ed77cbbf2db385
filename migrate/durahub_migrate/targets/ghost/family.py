"""The members of a tree to each other: who begins by itself, who ends with what is recorded; no I/O."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from durabletask.internal import orchestrator_service_pb2 as pb

from durahub.errors import ReplayDiverged
from durahub_migrate.targets.ghost.coupling import Coupling, coupling_of
from durahub_migrate.targets.ghost.members import Member, final_of
from durahub_migrate.targets.ghost.replay import Replay
from durahub_migrate.targets.ghost.script import Output


@dataclass(slots=True)
class Family:
    """A tree's members while they are replayed, by their IDs at the target.

    *shells* are the children that the bundle does not have, with what their parents were answered.
    *ends_at* has, of children that end while their parents are replayed, which input of which parent that is.
    """

    members: Mapping[str, Member]
    target_id: Callable[[str], str]
    replays: dict[str, Replay] = field(default_factory=dict)
    shells: dict[str, pb.HistoryEvent] = field(default_factory=dict)
    coupling: Coupling = field(default_factory=Coupling)
    ends_at: dict[str, tuple[str, int]] = field(default_factory=dict)

    def child(self, output: Output) -> str:
        """Return the ID, at the target, of the child that an output has made."""
        return self.target_id(output.event.subOrchestrationInstanceCreated.instanceId)

    def is_replayed(self, target_id: str) -> bool:
        """Tell whether a child is made by the ghost; others are for the app, or for nobody."""
        return target_id in self.replays or target_id in self.shells

    def roots(self) -> list[Member]:
        """Return the members that no other one starts: by themselves they would not come to be."""
        children = {
            self.child(output)
            for member in self.members.values()
            if member.script is not None
            for output in member.script.outputs
            if output.sign.kind == "child"
        }
        return [one for target_id, one in self.members.items() if target_id not in children]

    def couple(self) -> None:
        """Find out who waits for whom. Raises `ReplayDiverged` if that cannot be repeated."""
        self.coupling = coupling_of(self.members, self.target_id)
        for parent, member in self.members.items():
            script = member.script
            if not self.coupling or script is None:
                continue
            sends = any(one.sender == parent for one in self.coupling.to)
            if script.held_from is not None and sends:
                raise ReplayDiverged(
                    member.instance_id,
                    "it holds a lock, and has sent events within its tree that the target may deliver again",
                )
            for index, output in enumerate(script.outputs):
                if output.sign.kind != "child":
                    continue
                if output.answer is not None:
                    self.ends_at[self.child(output)] = parent, output.answer
                elif index in member.later:
                    self.ends_at[self.child(output)] = parent, len(script.inputs)

    def expect_children(self, member: Member) -> None:
        """Note the children whose results *member* was given. Raises `ReplayDiverged` if one runs again."""
        script = member.script
        if script is None:
            return
        answers = [
            (output, script.inputs[output.answer].event)
            for output in script.outputs
            if output.answer is not None
        ]
        answers += [(script.outputs[index], answer) for index, answer in member.later.items()]
        for output, answer in answers:
            if output.sign.kind != "child":
                continue
            child = self.members.get(self.child(output))
            if child is None:
                self.shells[self.child(output)] = answer
            elif child.script is None or child.script.end is None:
                source_id = output.event.subOrchestrationInstanceCreated.instanceId
                problem = f"its child {source_id!r} has ended, and runs again"
                raise ReplayDiverged(member.instance_id, problem)


def family_of(
    members: Mapping[str, Member], target_id: Callable[[str], str], *, is_careful: bool
) -> Family:
    """Return what *members* are to each other, before anything of them is replayed.

    *is_careful*: the target may deliver again what they have sent each other. Raises `ReplayDiverged`.
    """
    known = {one.instance_id: one for one in members.values()}
    found = Family(members, target_id)
    if is_careful:
        found.couple()
    for one, member in members.items():
        final = final_of(member, known, is_careful=is_careful) if member.script else None
        found.replays[one] = Replay(member, final)
        found.expect_children(member)
    return found
