"""Alarms from look to look: pending, firing, over; and when somebody is told.

::

    found            found for hold s         not found for clear s       told
    ------> PENDING -----------------> FIRING ----------------------> OVER ----> (none)
               | not found                ^             found          |
               v                          +----------------------------+
             (none)

Of a firing there is a notice at its begin, another every repeat s while it lasts, and one when it is over.
One of which nobody was told (it was silenced, or too short) ends without a word. A silence keeps notices of
firings back, never that of an end: whoever was told has to learn that it is over. No more than so many
notices a minute are made; what is due then stays due.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import Enum

from durahub.model.ticks import Ticks, seconds_between
from durahub_migrate.monitor.alarms.judging import Finding
from durahub_migrate.monitor.alarms.notices import Notice, Told
from durahub_migrate.monitor.alarms.rules import FORGET_AFTER, Rule, Severity
from durahub_migrate.monitor.alarms.silences import Silence

MINUTE = 60.0
Key = tuple[str, str, str]


class Phase(Enum):
    """How far an alarm is."""

    PENDING = "pending"
    FIRING = "firing"
    OVER = "over"  # whoever was told has to be told so


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarm:
    """An alarm. *begun* and *seen* are the first and the last look that found it, *fired* when it fired.

    *told* is when the last notice of it was made, *times* how many there were, *delivered* when the last one
    that arrived did.
    """

    finding: Finding
    severity: Severity
    receivers: tuple[str, ...]
    phase: Phase
    begun: Ticks
    seen: Ticks
    fired: Ticks | None = None
    ended: Ticks | None = None
    told: Ticks | None = None
    times: int = 0
    delivered: Ticks | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarms:
    """All of them, and what was made of them. *made* are the times of notices in the last minute."""

    by_key: Mapping[Key, Alarm] = field(default_factory=dict)
    silences: tuple[Silence, ...] = ()
    made: tuple[Ticks, ...] = ()

    def is_silent(self, alarm: Alarm, now: Ticks) -> bool:
        """Tell whether nobody is told of an alarm now."""
        return any(one.covers(alarm.finding, now) for one in self.silences)


def step(
    alarms: Alarms,
    rules: Iterable[Rule],
    found: Iterable[Finding],
    known: Collection[tuple[str, str]],
    now: Ticks,
    most_a_minute: int,
) -> tuple[Alarms, tuple[Notice, ...]]:
    """Return the alarms after a look, and the notices that are to be sent.

    *known* are the pairs of rule and hub for which *found* is everything there is.
    """
    by_name = {rule.name: rule for rule in rules}
    here = {one.key: one for one in found if one.rule in by_name}
    looked: dict[Key, Alarm] = {}
    for key in {**alarms.by_key, **here}:
        alarm = _looked(alarms.by_key.get(key), here.get(key), by_name, known, now)
        if alarm is not None:
            looked[key] = alarm
    silences = tuple(one for one in alarms.silences if one.until > now)
    made = tuple(at for at in alarms.made if seconds_between(at, now) < MINUTE)
    after = Alarms(by_key=looked, silences=silences, made=made)
    return _told(after, by_name, now, most_a_minute)


def _looked(
    alarm: Alarm | None,
    finding: Finding | None,
    rules: Mapping[str, Rule],
    known: Collection[tuple[str, str]],
    now: Ticks,
) -> Alarm | None:
    if finding is not None:
        return _found(alarm, finding, rules[finding.rule], now)
    assert alarm is not None  # noqa: S101 (for the types)
    rule = rules.get(alarm.finding.rule)
    if alarm.phase is Phase.OVER:
        return alarm
    unseen = seconds_between(alarm.seen, now)
    if rule is None:
        is_over = True  # its rule is gone
    elif (rule.name, alarm.finding.hub) in known:
        is_over = alarm.phase is Phase.PENDING or unseen >= rule.clear
    else:
        is_over = unseen >= FORGET_AFTER
    if not is_over:
        return alarm
    return replace(alarm, phase=Phase.OVER, ended=now) if alarm.told is not None else None


def _found(alarm: Alarm | None, finding: Finding, rule: Rule, now: Ticks) -> Alarm:
    if alarm is None:
        alarm = Alarm(
            finding=finding,
            severity=rule.severity,
            receivers=rule.receivers,
            phase=Phase.PENDING,
            begun=now,
            seen=now,
        )
    elif alarm.phase is Phase.OVER:
        alarm = replace(alarm, phase=Phase.FIRING, ended=None)  # nobody was told that it was over
    alarm = replace(
        alarm, finding=finding, severity=rule.severity, receivers=rule.receivers, seen=now
    )
    if alarm.phase is Phase.PENDING and seconds_between(alarm.begun, now) >= rule.hold:
        alarm = replace(alarm, phase=Phase.FIRING, fired=now)
    return alarm


# -- telling -----------------------------------------------------------------------------------


def _told(
    alarms: Alarms, rules: Mapping[str, Rule], now: Ticks, most_a_minute: int
) -> tuple[Alarms, tuple[Notice, ...]]:
    by_group: dict[tuple[str, tuple[str, ...]], list[Alarm]] = {}
    for alarm in alarms.by_key.values():
        if _is_due(alarms, alarm, rules, now):
            by_group.setdefault((alarm.finding.hub, alarm.receivers), []).append(alarm)
    room = max(0, most_a_minute - len(alarms.made))
    groups = sorted(by_group.items(), key=lambda one: (min(map(_due_since, one[1])), one[0]))
    left, notices = dict(alarms.by_key), []
    for (hub, receivers), due in groups[:room]:
        for alarm in due:
            if alarm.phase is Phase.OVER:
                del left[alarm.finding.key]
            else:
                left[alarm.finding.key] = replace(alarm, told=now, times=alarm.times + 1)
        notices.append(Notice.of(hub, receivers, now, map(_as_told, due)))
    made = (*alarms.made, *(now for _ in notices))
    return replace(alarms, by_key=left, made=made), tuple(notices)


def _is_due(alarms: Alarms, alarm: Alarm, rules: Mapping[str, Rule], now: Ticks) -> bool:
    match alarm.phase:
        case Phase.OVER:
            return True
        case Phase.PENDING:
            return False
    if alarms.is_silent(alarm, now):
        return False
    repeat = rules[alarm.finding.rule].repeat if alarm.finding.rule in rules else FORGET_AFTER
    if alarm.told is None:
        return True
    return alarm.seen == now and seconds_between(alarm.told, now) >= repeat


def _due_since(alarm: Alarm) -> Ticks:
    return alarm.ended or alarm.told or alarm.fired or alarm.begun


def _as_told(alarm: Alarm) -> Told:
    found = alarm.finding
    return Told(
        state="resolved" if alarm.phase is Phase.OVER else "firing",
        rule=found.rule,
        hub=found.hub,
        subject=found.subject,
        instance_id=found.instance_id,
        reason=found.reason,
        severity=alarm.severity.value,
        sentence=found.sentence,
        since=found.since,
        fired=alarm.fired or alarm.begun,
        ended=alarm.ended,
        times=alarm.times + 1,
    )


def arrived(alarms: Alarms, notice: Notice, now: Ticks) -> Alarms:
    """Return the alarms when a notice has arrived."""
    left = dict(alarms.by_key)
    for one in notice.alerts:
        alarm = left.get(one.key)
        if alarm is not None:
            left[one.key] = replace(alarm, delivered=now)
    return replace(alarms, by_key=left)


def resumed(alarms: Alarms, now: Ticks) -> Alarms:
    """Return the alarms as they go on when nobody has looked for a time: that says nothing of them."""
    by_key = {key: replace(one, seen=now) for key, one in alarms.by_key.items()}
    return replace(alarms, by_key=by_key)
