"""Actions on one instance, entity or hub: granted, with a reason where one is wanted, and noted."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from durahub.dispatch.clock import Clock
from durahub.errors import BadRequest
from durahub_migrate.acting.audit import Audit, AuditedActor, Who, entry_of, outcome
from durahub_migrate.monitor.actions import Command, Cost, Done, Verb
from durahub_migrate.web.call import Call
from durahub_migrate.web.operations import Operation
from durahub_migrate.web.settings import WebSettings

REQUEST_ID = "x-request-id"
"""A header that a proxy gives requests, by which its log and ours can be laid side by side."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionRequest:
    """An action, or with *dry_run* the question what it would do."""

    verb: Verb
    target: str = ""
    arguments: Mapping[str, object] = field(default_factory=dict)
    reason: str | None = None
    dry_run: bool = False


def who_acts(call: Call) -> Who:
    """Return on whose behalf a call is."""
    return Who.of(call.user, call.request.headers.get(REQUEST_ID, "")[:100] or None)


def check_reason(reason: str | None, settings: WebSettings) -> None:
    """Raise `BadRequest` where a reason is wanted and none was given."""
    if settings.require_reason and not (reason or "").strip():
        raise BadRequest("no action without a reason here: say why in the member reason")


class Actions:
    """Does what pages ask for."""

    def __init__(self, settings: WebSettings, audit: Audit, clock: Clock) -> None:
        self._settings = settings
        self._audit = audit
        self._clock = clock

    def operations(self) -> list[Operation]:
        """Return what it answers."""
        return [
            Operation(
                method="POST",
                path="api/hubs/{hub}/actions",
                about="Does an action; with dryRun it is only told what it would do.",
                handler=self.act,
                takes=ActionRequest,
                gives=Done | Cost,
            )
        ]

    async def act(self, call: Call) -> Done | Cost:
        """Do what was asked for. What is not granted is noted, too."""
        asked: ActionRequest = call.body
        hub = call.hub
        command = Command(
            verb=asked.verb,
            hub=hub.ref.key,
            target=asked.target,
            arguments=asked.arguments,
            reason=asked.reason,
        )
        who = who_acts(call)
        actor = AuditedActor(hub, self._audit, who, self._clock)
        try:
            call.sight.need(command.verb, hub.ref.key)
            if not asked.dry_run:
                check_reason(asked.reason, self._settings)
        except Exception as error:
            entry = entry_of(command, who, self._clock)
            self._audit.note(outcome(entry, self._clock, None, error))
            raise
        if asked.dry_run:
            return await actor.cost(command)
        return await actor.do(command)
