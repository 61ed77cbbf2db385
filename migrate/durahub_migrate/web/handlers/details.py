"""One instance: what is in its row, its history in several forms, why it waits, its family."""

import asyncio
import re
import shlex
from dataclasses import dataclass

from starlette.responses import Response

from durahub.errors import BadRequest, DurahubError, InstanceNotFound
from durahub.model.history import ExecutionCompleted, ExecutionStarted
from durahub_migrate.monitor.access import PAYLOADS
from durahub_migrate.monitor.actions import Possible
from durahub_migrate.monitor.health.readiness import Badge, of_instance
from durahub_migrate.monitor.histories import EventPage, EventView, FamilyNode, Timeline
from durahub_migrate.monitor.row import Kind as RowKind
from durahub_migrate.monitor.seam import Detail, HubWatch, LiveHistory
from durahub_migrate.monitor.telling.event_views import event_page, whole_text
from durahub_migrate.monitor.telling.payloads import SHOWN
from durahub_migrate.monitor.telling.redaction import RedactionPlace
from durahub_migrate.monitor.telling.timeline import timeline_of
from durahub_migrate.monitor.waiting import Explanation
from durahub_migrate.web.call import Call
from durahub_migrate.web.operations import Kind, Media, Operation, Parameter
from durahub_migrate.web.settings import WebSettings

ID = Parameter(name="id", about="the instance's ID", required=True)
OF_EVENTS = frozenset({"input", "result", "failure", "message", "reason"})
OF_ROWS = {
    "input": "input",
    "output": "output",
    "failure": "failure",
    "customStatus": "custom_status",
    "state": "state",
}
IN_EVENTS = {"input": (ExecutionStarted, "input"), "output": (ExecutionCompleted, "result")}
"""Which event has a text of an instance's row, too, and by what name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandLine:
    """A command that shows or does the same as a page."""

    title: str
    command: str


@dataclass(frozen=True, slots=True, kw_only=True)
class InstancePage:
    """An instance, what can be done to it, and how it is done on the command line."""

    detail: Detail
    possible: tuple[Possible, ...]
    readiness: tuple[Badge, ...]
    cli: tuple[CommandLine, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryPage:
    """Some events of a history; *problems* are rows that cannot be read."""

    execution_id: str | None
    events: tuple[EventView, ...]
    total: int
    after: int | None
    problems: tuple[str, ...]


def history_page(page: EventPage, history: LiveHistory) -> HistoryPage:
    """Return some events with what cannot be read of their history."""
    return HistoryPage(
        execution_id=page.execution_id,
        events=page.events,
        total=page.total,
        after=page.after,
        problems=tuple(history.problems),
    )


async def _possible(hub: HubWatch, instance_id: str) -> tuple[Possible, ...]:
    """Return what can be done; nothing where that cannot be told: the rest of the page is no worse."""
    try:
        return await hub.possible(instance_id)
    except InstanceNotFound:
        raise
    except DurahubError:
        return ()


class Details:
    """Answers about one instance."""

    def __init__(self, settings: WebSettings) -> None:
        self._settings = settings

    def operations(self) -> list[Operation]:
        """Return what it answers."""
        return [
            Operation(
                method="GET",
                path="api/hubs/{hub}/instance",
                about="An instance or entity as it is now, and which actions are possible.",
                handler=self.shown,
                gives=InstancePage,
                parameters=(ID,),
            ),
            Operation(
                method="GET",
                path="api/hubs/{hub}/history",
                about="A part of an instance's history.",
                handler=self.history,
                gives=HistoryPage,
                parameters=(
                    ID,
                    Parameter(
                        name="after",
                        about="the number behind which the part begins",
                        kind=Kind.WHOLE,
                        least=0,
                        most=10_000_000,
                    ),
                    Parameter(
                        name="count",
                        about="events at most",
                        kind=Kind.WHOLE,
                        default=200,
                        least=1,
                        most=5_000,
                    ),
                    Parameter(
                        name="text",
                        about="characters of a payload at most; the whole by payload",
                        kind=Kind.WHOLE,
                        default=SHOWN,
                        least=0,
                        most=100_000,
                    ),
                ),
            ),
            Operation(
                method="GET",
                path="api/hubs/{hub}/timeline",
                about="A history as spans, with the stretches in which nothing happened.",
                handler=self.timeline,
                gives=Timeline,
                parameters=(ID,),
            ),
            Operation(
                method="GET",
                path="api/hubs/{hub}/payload",
                about="A text of an instance or of an event of its history, whole.",
                handler=self.payload,
                gives=Media("the payload, as an attachment", ("text/plain",)),
                parameters=(
                    ID,
                    Parameter(
                        name="event",
                        about="the event's number; without it a text of the instance's row",
                        kind=Kind.WHOLE,
                        least=0,
                        most=10_000_000,
                    ),
                    Parameter(
                        name="member",
                        about="which text",
                        required=True,
                        choices=tuple(sorted(OF_EVENTS | set(OF_ROWS))),
                    ),
                ),
            ),
            Operation(
                method="GET",
                path="api/hubs/{hub}/why",
                about="Why an instance waits: a sentence, evidence, what to do.",
                handler=self.why,
                gives=Explanation,
                parameters=(ID,),
            ),
            Operation(
                method="GET",
                path="api/hubs/{hub}/family",
                about="An instance's parents, children and generations.",
                handler=self.family,
                gives=FamilyNode,
                parameters=(
                    ID,
                    Parameter(
                        name="depth",
                        about="generations of children",
                        kind=Kind.WHOLE,
                        default=3,
                        least=0,
                        most=20,
                    ),
                ),
            ),
        ]

    async def shown(self, call: Call) -> InstancePage:
        """Return an instance."""
        hub, instance_id = call.hub, call.given.text("id")
        detail = await hub.detail(instance_id)
        if detail is None:
            raise InstanceNotFound(instance_id)
        page = InstancePage(
            detail=detail,
            possible=await _possible(hub, instance_id),
            readiness=of_instance(
                detail.row,
                call.now,
                input=detail.input,
                output=detail.output,
                custom_status=detail.custom_status,
            ),
            cli=tuple(self._commands(detail, hub.ref.address)),
        )
        return call.sight.shown(page, hub.ref.key)

    async def history(self, call: Call) -> HistoryPage:
        """Return a part of a history."""
        given = call.given
        history = await self._history(call)
        page = await asyncio.to_thread(
            event_page,
            history,
            after=given["after"],
            count=given["count"],
            showing=call.sight.showing(given["text"]),
        )
        return call.sight.shown(history_page(page, history), call.key)

    async def timeline(self, call: Call) -> Timeline:
        """Return a history as spans."""
        history = await self._history(call)
        return call.sight.shown(
            timeline_of(history, now=call.now, redact=call.sight.showing().redact), call.key
        )

    async def payload(self, call: Call) -> Response:
        """Return a payload, as a file that no browser runs."""
        hub, instance_id = call.hub, call.given.text("id")
        number, member = call.given["event"], call.given.text("member")
        call.sight.need(PAYLOADS, hub.ref.key)
        text = (
            await self._of_row(call, member)
            if number is None
            else await self._of_event(call, number, member)
        )
        name = re.sub(r"[^\w.-]+", "_", f"{instance_id[:80]}-{member}", flags=re.ASCII)
        return Response(
            text,
            media_type="text/plain",
            headers={"content-disposition": f'attachment; filename="{name}.txt"'},
        )

    async def why(self, call: Call) -> Explanation:
        """Return why an instance waits."""
        return call.sight.shown(await call.hub.why(call.given.text("id")), call.key)

    async def family(self, call: Call) -> FamilyNode:
        """Return an instance's family."""
        return await call.hub.family(call.given.text("id"), depth=call.given["depth"])

    async def _history(self, call: Call) -> LiveHistory:
        return await call.hub.history(call.given.text("id"))

    async def _of_row(self, call: Call, member: str) -> str:
        instance_id = call.given.text("id")
        if member not in OF_ROWS:
            raise BadRequest(f"an instance has no {member}; name the event with event=")
        detail = await call.hub.detail(instance_id)
        if detail is None:
            raise InstanceNotFound(instance_id)
        found = getattr(detail, OF_ROWS[member])
        if found is None:
            return await self._left_out(call, member, dict(detail.missing).get(member))
        return call.sight.redacted(str(found), RedactionPlace(instance_id, member, detail.row.name))

    async def _left_out(self, call: Call, member: str, why: str | None) -> str:
        """Return a text that was too large to come along with its row: an event of the history has it."""
        if why is None:
            raise BadRequest(f"this instance has no {member}")
        if member in IN_EVENTS:
            kind, name = IN_EVENTS[member]
            events = (await self._history(call)).events
            numbers = [number for number, one in enumerate(events) if isinstance(one, kind)]
            if numbers:
                return await self._of_event(call, numbers[-1], name)
        raise BadRequest(f"the {member} of this instance is not here: {why}")

    async def _of_event(self, call: Call, number: int, member: str) -> str:
        if member not in OF_EVENTS:
            raise BadRequest(f"an event has no {member}; leave event out")
        history = await self._history(call)
        text = whole_text(history, number, member, call.sight.showing(None))
        if text is not None:
            return text
        instance_id = call.given.text("id")
        text = await call.hub.payload(instance_id, number, member)  # it was too large to come along
        if text is None:
            raise BadRequest(f"event {number} has no {member}")
        return call.sight.redacted(text, RedactionPlace(instance_id, member, event=number))

    def _commands(self, detail: Detail, address: str) -> list[CommandLine]:
        row = detail.row
        group = "entity" if row.kind is RowKind.ENTITY else "instance"
        words = [("Show", "show")]
        if row.kind is not RowKind.ENTITY:
            words += [("History", "history"), ("Why it waits", "why")]
        return [
            CommandLine(
                title=title,
                command=shlex.join(
                    [self._settings.command, group, verb, row.instance_id, "--hub", address]
                ),
            )
            for title, verb in words
        ]
