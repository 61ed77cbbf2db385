"""Alerts as the API and pages show them."""

from dataclasses import dataclass

from durahub.model.ticks import Ticks
from durahub_migrate.monitor.alarms.standing import Alarm, Alarms, Phase


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertView:
    """An alert. *since* is from when on it is so, *at* when it fired, *delivered* when all were told last.

    *state* is ``firing``, or ``resolved`` in the event that tells so; *silenced* until when nobody is told.
    """

    rule: str
    hub: str
    instance_id: str | None
    reason: str
    sentence: str
    since: Ticks | None
    at: Ticks
    delivered: Ticks | None = None
    severity: str = "warning"
    state: str = "firing"
    silenced: Ticks | None = None


def firing(alarms: Alarms, now: Ticks) -> tuple[AlertView, ...]:
    """Return what fires, the worst and newest first."""
    found = [view(alarms, one, now) for one in alarms.by_key.values() if one.phase is Phase.FIRING]
    return tuple(sorted(found, key=lambda one: (one.severity, -one.at, one.hub, one.rule)))


def view(alarms: Alarms, alarm: Alarm, now: Ticks) -> AlertView:
    """Return an alarm as it is shown."""
    finding = alarm.finding
    silent = [one.until for one in alarms.silences if one.covers(finding, now)]
    return AlertView(
        rule=finding.rule,
        hub=finding.hub,
        instance_id=finding.instance_id,
        reason=finding.reason,
        sentence=finding.sentence,
        since=finding.since,
        at=alarm.fired or alarm.begun,
        delivered=alarm.delivered,
        severity=alarm.severity.value,
        state="firing" if alarm.phase is Phase.FIRING else "resolved",
        silenced=max(silent, default=None),
    )
