"""How far a target's history is in a script, and so what comes next; no I/O.

Everything is read off the target's own history, so a mover that was killed goes on from there.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, fields, replace

from durabletask.internal import orchestrator_service_pb2 as pb

from durahub.engine.entities.messages import guid_of
from durahub.model.ticks import MINIMUM, Ticks
from durahub_migrate.targets.ghost.script import Script
from durahub_migrate.targets.ghost.signs import Sign, clock_of, is_same, request_of, sign_of


@dataclass(slots=True)
class Progress:
    """What a target's history holds of a script: *seen* inputs, and outputs by their indexes.

    *read* counts its events. *beyond* counts inputs behind the last recorded one: timers that were due,
    results that were on their way. *stray* is an input that was not recorded there. *clocks* are the times of
    the turns in which the inputs came, *requests* the recorded GUIDs of requests to entities by those at the
    target.
    """

    seen: int = 0
    sent: set[int] = field(default_factory=set)
    read: int = 0
    beyond: int = 0
    stray: Sign | None = None
    clocks: list[Ticks] = field(default_factory=list)
    requests: dict[str, str] = field(default_factory=dict)
    clock: Ticks = MINIMUM

    def follow(self, script: Script, events: Iterable[pb.HistoryEvent]) -> None:
        """Go on with *events* of the target."""
        for event in events:
            self.read += 1
            if event.HasField("orchestratorStarted"):
                self.clock = clock_of(event)
            sign = sign_of(event)
            if sign is None:
                continue
            if sign.is_input:
                self._take(script, self._recorded(sign))
            else:
                self._note(script, sign, request_of(event))

    def _recorded(self, sign: Sign) -> Sign:
        """Return the sign of an entity's answer under the recorded GUID."""
        guid = sign.key if sign.kind == "entity" else None
        if sign.kind == "event" and isinstance(sign.key, tuple):
            guid = guid_of(sign.key[0])
        found = self.requests.get(guid) if isinstance(guid, str) else None
        return sign if found is None else Sign("entity", found, is_input=True)

    def _take(self, script: Script, sign: Sign) -> None:
        if self.seen == len(script.inputs):
            self.beyond += 1
        elif is_same(script.inputs[self.seen].sign, sign):
            self.seen += 1
            self.clocks.append(self.clock)
        else:
            self.stray = self.stray or sign

    def _note(self, script: Script, sign: Sign, request: str | None) -> None:
        for index in script.by_sign.get(sign, ()):
            if index not in self.sent:
                self.sent.add(index)
                recorded = script.outputs[index].request
                if request is not None and recorded is not None:
                    self.requests[request] = recorded
                return


def looked_at(
    script: Script,
    progress: Progress,
    past: Sequence[pb.HistoryEvent],
    new: Sequence[pb.HistoryEvent],
) -> Progress:
    """Return where a work item stands; *progress* goes on with its *past*, of which it has read a part."""
    if len(past) < progress.read:  # another execution: it has continued as new
        fresh = Progress()
        for one in fields(Progress):
            setattr(progress, one.name, getattr(fresh, one.name))
    progress.follow(script, past[progress.read :])
    found = replace(
        progress,
        sent=set(progress.sent),
        clocks=list(progress.clocks),
        requests=dict(progress.requests),
    )
    found.follow(script, new)
    return found


def is_final(script: Script, progress: Progress) -> bool:
    """Tell whether all recorded inputs have been seen."""
    return progress.seen >= len(script.inputs)


def ready(script: Script, progress: Progress, without: Collection[int] = ()) -> list[int]:
    """Return the outputs to send with the next answer, by their indexes, in recorded order."""
    return [
        index
        for index, output in enumerate(script.outputs)
        if output.due <= progress.seen and index not in progress.sent and index not in without
    ]


def to_feed(script: Script, progress: Progress, fed: int) -> list[int]:
    """Return the inputs to be fed now, by their indexes; *fed* is how many were before.

    One is fed behind the one that has been seen. But a suspended execution may not be given what is raised
    until it is resumed: so events go on up to the next input of another kind.
    """
    found: list[int] = []
    index = max(progress.seen, fed)
    if index > progress.seen or index >= len(script.inputs):
        return found
    found.append(index)
    while (
        script.inputs[index].sign.kind == "event"
        and script.suspended_before(index)
        and index + 1 < len(script.inputs)
    ):
        index += 1
        found.append(index)
    return found
