"""What an entity sends at the end of a batch: answers, signals, starts, locks, words to itself."""

from collections.abc import Callable
from dataclasses import replace

from durahub.engine.effects import FIRE_AND_FORGET, child_execution_id
from durahub.engine.entities.grants import tags_of_grant
from durahub.engine.entities.ids import is_entity
from durahub.engine.entities.messages import (
    CONTINUE,
    LOCK_GRANTED,
    REQUEST,
    Request,
    Response,
    delayed_name,
    due_of_name,
    guid_text,
    is_request_name,
    request_of,
    request_text,
    response_text,
)
from durahub.engine.entities.scheduler_state import Sorting
from durahub.engine.entities.sorter import Labels
from durahub.engine.entities.work import (
    EntityAction,
    OperationResult,
    SendSignal,
    StartOrchestration,
)
from durahub.errors import BadMessage, BadRequest
from durahub.model.history import Event, EventRaised, Execution, ExecutionStarted, Parent, Tags
from durahub.model.message import Message
from durahub.model.ticks import Ticks


class Outbox:
    """Collects the ``messages`` of a batch in the order of sending.

    *sender* is the entity's execution that ran the batch. What an orchestration gets as its parent's
    action ID is the number of messages before it, as in DTFx.
    """

    def __init__(
        self,
        *,
        sender: Execution,
        episode: int,
        now: Ticks,
        sorting: Sorting,
        window: float,
        new_id: Callable[[], str],
        next_execution_id: str,
    ) -> None:
        self.messages: list[Message] = []
        self._sender = sender
        self._episode = episode
        self._now = now
        self._sorting = sorting
        self._labels = Labels(sorting.sent, sorting.send_horizon)
        self._window = window
        self._new_id = new_id
        self._next_execution_id = next_execution_id

    @property
    def sorting(self) -> Sorting:
        """The sorter's data after all that was sent."""
        return replace(self._sorting, sent=self._labels.sent, send_horizon=self._labels.horizon)

    def respond(self, request: Request, result: OperationResult) -> None:
        """Answer a call; a signal gets no answer, not even of its failure."""
        failure = result.failure
        response = Response(result=result.result)
        if failure is not None:
            response = Response(result=failure.message, error=failure.error_type, failure=failure)
        if not request.signal:
            self._answer(request, response)

    def pass_lock(self, request: Request) -> None:
        """Pass a lock request on to the next entity of its set, or grant the locks."""
        locks = request.lock_set or ()
        if request.position >= len(locks):
            self._answer(request, Response(result=LOCK_GRANTED), tags_of_grant(locks))
            return
        target = locks[request.position]
        labelled = self._labels.label(request, target, self._now, self._window)
        self._raise(Execution(target), REQUEST, request_text(labelled))

    def send_again(self, request: Request) -> None:
        """Send a request that came before it was due to the entity itself."""
        assert request.due is not None  # noqa: S101 (for the types)
        name = delayed_name(request.due, self._now)
        self._raise(Execution(self._sender.instance_id), name, request_text(request))

    def go_on(self) -> None:
        """Cause another batch."""
        self._raise(Execution(self._sender.instance_id), CONTINUE, None)

    def act(self, action: EntityAction) -> None:
        """Do what an operation asked for."""
        match action:
            case SendSignal():
                self._signal(action)
            case StartOrchestration():
                self._start(action)

    def _signal(self, action: SendSignal) -> None:
        request = Request(
            id=guid_text(self._new_id()),
            operation=action.name,
            signal=True,
            input=action.input,
            parent=self._sender.instance_id,
            due=action.scheduled,
            trace=action.trace,
            requested=action.requested,
        )
        if action.scheduled is not None:
            name = delayed_name(action.scheduled, self._now)
        else:
            name = REQUEST
            request = self._labels.label(request, action.target, self._now, self._window)
        self._raise(Execution(action.target), name, request_text(request))

    def _start(self, action: StartOrchestration) -> None:
        number = len(self.messages)
        started = ExecutionStarted(
            timestamp=self._now,
            execution=Execution(
                action.instance_id or guid_text(self._new_id()),
                child_execution_id(self._next_execution_id, number),
            ),
            name=action.name,
            version=action.version or "",
            input=action.input,
            tags={FIRE_AND_FORGET: ""},
            parent=Parent(
                name=self._sender.instance_id,
                version="",
                execution=self._sender,
                task_schedule_id=number,
            ),
            trace=action.trace,
            scheduled_start=action.scheduled,
        )
        self._send(started, started.execution, action.scheduled)

    def forward(self, message: Message) -> None:
        """Send what a DTFx worker wrote. Raises `BadRequest` if a request to an entity is unreadable.

        To entities it needs labels, and a parent without execution: labels outlive executions.
        """
        event = message.event
        if (
            isinstance(event, EventRaised)
            and is_entity(message.target.instance_id)
            and is_request_name(event.name)
        ):
            message = replace(message, event=replace(event, input=self._relabelled(message, event)))
            message = replace(message, due=due_of_name(event.name))
        self.messages.append(replace(message, sender=self._sender, episode=self._episode))

    def _relabelled(self, message: Message, event: EventRaised) -> str:
        try:
            request = request_of(event.input)
        except BadMessage as error:
            raise BadRequest(f"a message to an entity cannot be read: {error.problem}") from None
        own = replace(request, parent=self._sender.instance_id, parent_execution=None, stored=None)
        if request.due is None:
            own = self._labels.label(own, message.target.instance_id, self._now, self._window)
        return request_text(own)

    def _answer(self, request: Request, response: Response, tags: Tags | None = None) -> None:
        if request.parent is not None:  # a client waits for nothing
            target = Execution(request.parent, request.parent_execution)
            self._raise(target, guid_text(request.id), response_text(response), tags)

    def _raise(
        self, target: Execution, name: str, text: str | None, tags: Tags | None = None
    ) -> None:
        event = EventRaised(timestamp=self._now, name=name, input=text)
        self._send(event, target, due_of_name(name), tags)

    def _send(
        self, event: Event, target: Execution, due: Ticks | None, tags: Tags | None = None
    ) -> None:
        message = Message(
            event=event,
            target=target,
            sender=self._sender,
            episode=self._episode,
            tags=tags,
            due=due,
        )
        self.messages.append(message)
