"""Notices: what is sent when alarms fire or end, those of a hub together."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

from durahub.model.ticks import Ticks

MOST_TOLD = 20
"""Alerts of a notice that its text has by name; the others are counted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """An alarm in a notice. *state* is ``firing`` or ``resolved``, *times* counts its notices from 1."""

    state: str
    rule: str
    hub: str
    subject: str
    instance_id: str | None
    reason: str
    severity: str
    sentence: str
    since: Ticks | None
    fired: Ticks
    ended: Ticks | None
    times: int

    @property
    def key(self) -> tuple[str, str, str]:
        """That of its finding."""
        return (self.rule, self.hub, self.subject)

    @property
    def id(self) -> str:
        """What its firing is known by at receivers, the same from its first notice to its last."""
        return _digest(*self.key, str(self.fired))


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """A notice. *id* is the same however often it is sent: whoever had it drops it. No receivers are all."""

    id: str
    hub: str
    receivers: tuple[str, ...]
    made: Ticks
    alerts: tuple[Told, ...]

    @classmethod
    def of(
        cls, hub: str, receivers: tuple[str, ...], made: Ticks, alerts: Iterable[Told]
    ) -> "Notice":
        """Return the notice of *alerts*, the worst and oldest first."""
        order = sorted(alerts, key=lambda one: (one.state, one.severity, one.fired, one.key))
        told = (part for one in order for part in (one.id, one.state, str(one.times)))
        name = _digest(hub, *receivers, str(made), *told)
        return cls(id=name, hub=hub, receivers=receivers, made=made, alerts=tuple(order))

    def is_for(self, receiver: str) -> bool:
        """Tell whether it goes to the receiver of that name."""
        return not self.receivers or receiver in self.receivers


def text_of(notice: Notice, link: str | None = None) -> str:
    """Return a notice as a few lines of text, *link* (where the monitor is) at its end."""
    firing = sum(one.state == "firing" for one in notice.alerts)
    resolved = len(notice.alerts) - firing
    heads = [f"{firing} firing"] if firing else []
    heads += [f"{resolved} resolved"] if resolved else []
    lines = [f"{notice.hub}: {', '.join(heads)}"]
    for one in notice.alerts[:MOST_TOLD]:
        mark = "resolved" if one.state == "resolved" else one.severity
        where = f" {one.instance_id}" if one.instance_id else ""
        lines.append(f"[{mark}] {one.rule}{where}: {one.sentence}")
    if len(notice.alerts) > MOST_TOLD:
        lines.append(f"and {len(notice.alerts) - MOST_TOLD} more")
    if link is not None:
        lines.append(f"{link}alerts")
    return "\n".join(lines)


def _digest(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:32]
