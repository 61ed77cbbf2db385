"""Alerts that fire, and silences: for how long nobody is told of what."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from durahub.errors import BadRequest, NotOffered
from durahub.model.ticks import later
from durahub_migrate.acting.audit import DONE, REFUSED, TRIED, Audit
from durahub_migrate.monitor.access import READ, SILENCE, AuditEntry
from durahub_migrate.monitor.alarms.silences import Silence
from durahub_migrate.monitor.alarms.view import AlertView
from durahub_migrate.web.call import Call
from durahub_migrate.web.handlers.actions import check_reason, who_acts
from durahub_migrate.web.operations import Operation
from durahub_migrate.web.settings import WebSettings

__all__ = ["AlertHandlers", "AlertView", "SilenceAsked", "Silencing"]
LONGEST = 31 * 86_400.0  # seconds; what nobody wants to hear of at all belongs into the rules
MOST_TEXT = 200


class Silencing(Protocol):
    """What keeps silences: `durahub_migrate.alerting.alerting.Alerting`, which says what each raises."""

    def silences(self) -> tuple[Silence, ...]:
        """Return those that hold now."""

    def silence(self, asked: Silence) -> Silence:
        """Keep one, and return it with its ID."""

    def unsilence(self, silence_id: str) -> None:
        """End one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SilenceAsked:
    """A silence of so many *seconds*: of a hub, of a rule there (a pattern), of an instance."""

    hub: str
    seconds: float
    rule: str | None = None
    instance_id: str | None = None
    reason: str | None = None


class AlertHandlers:
    """Answers about alerts."""

    def __init__(
        self,
        alerts: Callable[[], Sequence[AlertView]],
        silencing: Silencing | None,
        settings: WebSettings,
        audit: Audit,
    ) -> None:
        self._alerts = alerts
        self._silencing = silencing
        self._settings = settings
        self._audit = audit

    def operations(self) -> list[Operation]:
        """Return what it answers."""
        return [
            Operation(
                method="GET",
                path="api/alerts",
                about="Alerts that fire on hubs that the user may read.",
                handler=self.listed,
                gives=tuple[AlertView, ...],
            ),
            Operation(
                method="GET",
                path="api/alerts/silences",
                about="Silences of hubs that the user may read.",
                handler=self.silent,
                gives=tuple[Silence, ...],
            ),
            Operation(
                method="POST",
                path="api/alerts/silence",
                about="Tells nobody of some alerts for a time.",
                handler=self.silence,
                takes=SilenceAsked,
                gives=Silence,
            ),
            Operation(
                method="DELETE",
                path="api/alerts/silences/{id}",
                about="Ends a silence.",
                handler=self.unsilence,
                gives=tuple[Silence, ...],
            ),
        ]

    async def listed(self, call: Call) -> tuple[AlertView, ...]:
        """Return the alerts."""
        seen = (one for one in self._alerts() if call.sight.may(READ, one.hub))
        return call.sight.shown(tuple(seen))

    async def silent(self, call: Call) -> tuple[Silence, ...]:
        """Return the silences."""
        silences = self._silencing.silences() if self._silencing is not None else ()
        return tuple(one for one in silences if call.sight.may(READ, one.hub))

    async def silence(self, call: Call) -> Silence:
        """Keep a silence."""
        asked: SilenceAsked = call.body
        hub = call.sight.hub(asked.hub).ref.key
        if not 1 <= asked.seconds <= LONGEST:  # not a number is not between any two, too
            raise BadRequest(f"seconds is from 1 to {LONGEST:.0f} (31 days)")
        if len(asked.rule or "") > MOST_TEXT or len(asked.reason or "") > MOST_TEXT:
            raise BadRequest(f"rule and reason have {MOST_TEXT} characters at most")
        wanted = Silence(
            id="",
            until=later(call.now, asked.seconds),
            hub=hub,
            rule=asked.rule,
            instance_id=asked.instance_id,
            by=call.user.name,
            reason=asked.reason,
        )
        entry = self._tried(call, wanted, f"for {asked.seconds:.0f} s")
        check_reason(asked.reason, self._settings)
        made = self._running.silence(wanted)
        self._audit.note(replace(entry, result=DONE))
        return made

    async def unsilence(self, call: Call) -> tuple[Silence, ...]:
        """End a silence, and return the others; one of a hub that may not be read does not exist."""
        found = [one for one in await self.silent(call) if one.id == call.part("id")]
        if not found:
            raise BadRequest("there is no silence of that ID")
        entry = self._tried(call, found[0], "ended")
        self._running.unsilence(found[0].id)
        self._audit.note(replace(entry, result=DONE))
        return await self.silent(call)

    def _tried(self, call: Call, silence: Silence, sentence: str) -> AuditEntry:
        """Note what is tried, and return the entry. Raises `NotGranted`, which is noted, too."""
        who = who_acts(call)
        entry = AuditEntry(
            at=call.now,
            user=who.name,
            via=who.via,
            verb=SILENCE,
            hub=silence.hub,
            target=silence.instance_id or silence.rule or "",
            result=TRIED,
            reason=silence.reason,
            sentence=sentence,
            request_id=who.request_id,
        )
        if not call.sight.may(SILENCE, silence.hub):
            self._audit.note(replace(entry, result=REFUSED))
            call.sight.need(SILENCE, silence.hub)
        self._audit.note(entry)
        return entry

    @property
    def _running(self) -> Silencing:
        if self._silencing is None:
            raise NotOffered("the monitor", "a silence", "no alerts are configured")
        return self._silencing
