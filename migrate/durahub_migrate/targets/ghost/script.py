"""What a target has to be told so that an instance stands there as it is recorded; no I/O.

A history is a sequence of inputs (the start, results, events) with the actions that each brought about.
What an orchestrator is given decides what it does: so the inputs have to come in the recorded order, one
behind the other. When an action is sent matters less, for SDKs match actions by their numbers: one that the
history shows later than the code asked for it is found all the same. So

* an action with a recorded answer is sent just before that answer is the next input: a timer of the past
  fires at once, and then it may; no activity and no child is under way that is not to be answered next;
* one without a recorded answer is sent behind the last input: a timer that is overdue overtakes nothing;
* what has no answer (an event, a signal, a release) is sent at its place.
"""

from collections import defaultdict, deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from durabletask.internal import orchestrator_service_pb2 as pb

from durahub.model.ticks import MINIMUM, Ticks
from durahub_migrate.targets.ghost.signs import Sign, clock_of, named_in, request_of, sign_of


@dataclass(frozen=True, slots=True)
class Input:
    """Something that the execution was given."""

    event: pb.HistoryEvent
    sign: Sign


@dataclass(frozen=True, slots=True)
class Output:
    """Something that it has asked for. *due* is how many inputs must have been seen before it is sent.

    *answer* is the index of the input that answers it, ``None`` without one.
    """

    event: pb.HistoryEvent
    sign: Sign
    due: int
    answer: int | None = None
    waits: bool = False  # for an answer that is not recorded
    place: int = 0  # how many inputs the code had been given when it asked
    clock: Ticks = MINIMUM  # of that turn

    @property
    def request(self) -> str | None:
        """The GUID of the entity's answer that it waits for."""
        return request_of(self.event)


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """A recorded execution. *inputs* begin with its start; *end* is its end.

    *dropped* counts inputs that are not fed, by reason: second answers, answers to nothing. *held_from* is
    the number of inputs before the grant of a critical section that it is still in. *behind* are events that
    were raised since it was suspended for the last time, and are not among its inputs: a target may give them
    to nobody until it is resumed.
    """

    instance_id: str
    started: pb.ExecutionStartedEvent
    inputs: tuple[Input, ...]
    outputs: tuple[Output, ...]
    end: pb.HistoryEvent | None = None
    custom_status: str | None = None
    dropped: dict[str, int] = field(default_factory=dict)
    held_from: int | None = None
    by_sign: Mapping[Sign, list[int]] = field(default_factory=dict)  # outputs
    behind: tuple[Input, ...] = ()

    @property
    def waiting(self) -> list[int]:
        """The indexes of outputs whose answers are not recorded."""
        return [index for index, output in enumerate(self.outputs) if output.waits]

    def outputs_at(self, seen: int) -> list[Output]:
        """Return the outputs that are due when so many inputs have been seen."""
        return [output for output in self.outputs if output.due == seen]

    def suspended_before(self, index: int) -> bool:
        """Tell whether the execution was suspended when the input *index* came."""
        found = False
        for one in self.inputs[:index]:
            if one.sign.kind in ("suspended", "resumed"):
                found = one.sign.kind == "suspended"
        return found


def script_of(
    instance_id: str, events: Iterable[pb.HistoryEvent], custom_status: str | None = None
) -> Script | None:
    """Return the script of a recorded history, ``None`` if it has no start: it has not begun."""
    reading = _Reading()
    for event in events:
        reading.read(event)
    if reading.started is None:
        return None
    behind = _behind(reading.inputs) if reading.end is None else 0
    total = len(reading.inputs) - behind
    outputs = tuple(one.output(total) for one in reading.outputs)
    return Script(
        instance_id=instance_id,
        started=reading.started,
        inputs=tuple(reading.inputs[:total]),
        behind=tuple(reading.inputs[total:]),
        outputs=outputs,
        end=reading.end,
        custom_status=custom_status,
        dropped=dict(reading.dropped),
        held_from=_held_from(outputs) if reading.end is None else None,
        by_sign=_by_sign(outputs),
    )


@dataclass(slots=True)
class _Asked:
    """An output while its answer is looked for; *place* is the number of inputs before it."""

    event: pb.HistoryEvent
    sign: Sign
    place: int
    clock: Ticks
    answer: int | None = None

    @property
    def expects(self) -> bool:
        return self.sign.kind != "sent" or request_of(self.event) is not None

    def output(self, total: int) -> Output:
        due, waits = total, False
        if self.answer is not None:
            due = self.answer
        elif not self.expects:
            due = self.place
        else:
            waits = True
        return Output(
            self.event, self.sign, due, self.answer, waits, place=self.place, clock=self.clock
        )


class _Reading:
    def __init__(self) -> None:
        self.started: pb.ExecutionStartedEvent | None = None
        self.inputs: list[Input] = []
        self.outputs: list[_Asked] = []
        self.end: pb.HistoryEvent | None = None
        self.dropped: defaultdict[str, int] = defaultdict(int)
        self._clock = MINIMUM
        # By what answers them, the oldest first: Python gives a retry the number of its first try.
        self._open: defaultdict[Sign, deque[_Asked]] = defaultdict(deque)

    def read(self, event: pb.HistoryEvent) -> None:
        if event.HasField("executionCompleted"):
            self.end = event
            return
        if event.HasField("orchestratorStarted"):
            self._clock = clock_of(event)
            return
        sign = sign_of(event)
        if sign is None:
            return
        if not sign.is_input:
            self._ask(event, sign)
            return
        if sign.kind == "started":
            if self.started is not None:
                self.dropped["a second start"] += 1
                return
            self.started = event.executionStarted
        elif self.started is None:
            self.dropped["before the start"] += 1
            return
        elif sign.kind in ("task", "child", "timer", "entity"):
            if not self._open[sign]:
                self.dropped["an answer to nothing"] += 1
                return
            asked = self._open[sign].popleft()
            asked.answer = len(self.inputs)
            sign = _answering(asked, sign)
        self.inputs.append(Input(event, sign))

    def _ask(self, event: pb.HistoryEvent, sign: Sign) -> None:
        asked = _Asked(event, sign, len(self.inputs), self._clock)
        self.outputs.append(asked)
        request = request_of(event)
        if sign.kind != "sent":
            self._open[Sign(sign.kind, sign.key, is_input=True)].append(asked)
        elif request is not None:
            self._open[Sign("entity", request, is_input=True)].append(asked)


def _answering(asked: _Asked, sign: Sign) -> Sign:
    request = request_of(asked.event)
    return sign if request is None else Sign("entity", request, is_input=True)


def _behind(inputs: Sequence[Input]) -> int:
    """Return how many events end *inputs* that were raised at a suspended execution."""
    kinds = [one.sign.kind for one in reversed(inputs)]
    count = next((index for index, kind in enumerate(kinds) if kind != "event"), len(kinds))
    return count if count < len(kinds) and kinds[count] == "suspended" else 0


def _by_sign(outputs: Iterable[Output]) -> dict[Sign, list[int]]:
    found: defaultdict[Sign, list[int]] = defaultdict(list)
    for index, output in enumerate(outputs):
        found[output.sign].append(index)
    return dict(found)


def _held_from(outputs: Sequence[Output]) -> int | None:
    """Return how many inputs came before the grant of locks that were not given back."""
    held: dict[str, tuple[int, set[str]]] = {}
    for one in outputs:
        if one.event.HasField("entityLockRequested") and one.answer is not None:
            locks = set(one.event.entityLockRequested.lockSet)
            held[one.request or ""] = (one.answer, locks)
    for one in outputs:
        if one.event.HasField("entityUnlockSent"):
            unlock = one.event.entityUnlockSent
            for _, locks in held.values():
                locks.discard(unlock.targetInstanceId.value)
    return min((answer for answer, locks in held.values() if locks), default=None)


def requests_before(script: Script, index: int) -> int:
    """Return how many calls, signals and lock requests the code had made before the output *index*.

    That is the counter of its GUID, unless the code makes up GUIDs of its own.
    """
    number = script.outputs[index].event.eventId
    return sum(
        one.event.eventId < number
        for one in script.outputs
        if named_in(one.event) is not None and not one.event.HasField("entityUnlockSent")
    )
