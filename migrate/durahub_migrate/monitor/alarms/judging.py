"""What rules find in a hub. What cannot be told is not the same as nothing: an alarm then stays as it is."""

from collections.abc import Iterator
from dataclasses import dataclass

from durahub.model.ticks import Ticks, seconds_between
from durahub_migrate.monitor.alarms.facts import HubFacts
from durahub_migrate.monitor.alarms.rules import Rule, Watch
from durahub_migrate.monitor.explaining.wording import counted, quoted, span
from durahub_migrate.monitor.hub import Health
from durahub_migrate.monitor.partitions import Holding, PartitionsView, QueueView
from durahub_migrate.monitor.row import ENDED

_LOST = frozenset({Health.UNREACHABLE, Health.DENIED, Health.GONE})
_KNOWN = frozenset({Health.WATCHED, Health.THROTTLED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Something that a rule found. *subject* tells it from others of the same rule and hub.

    *reason* is stable, for scripts: a `Reason`'s value, or that of the rule's `Watch`.
    """

    rule: str
    hub: str
    subject: str
    reason: str
    sentence: str
    instance_id: str | None = None
    since: Ticks | None = None

    @property
    def key(self) -> tuple[str, str, str]:
        """What it is known by from look to look."""
        return (self.rule, self.hub, self.subject)


def judged(rule: Rule, facts: HubFacts) -> tuple[Finding, ...] | None:
    """Return what *rule* finds in a hub; ``None`` if that cannot be told now."""
    health = facts.standing.health
    if rule.when is Watch.HUB:
        return None if health is Health.STARTING else tuple(_hub(rule, facts))
    if health is Health.GONE:
        return ()  # what was wrong in it is gone as well
    if health not in _KNOWN:
        return None
    match rule.when:
        case Watch.STUCK:
            return None if facts.stuck is None else tuple(_stuck(rule, facts))
        case Watch.FAILED:
            known = facts.failed.get(rule.within)
            return None if known is None else tuple(_failed(rule, facts))
    if facts.partitions is None:
        return None
    if rule.when is Watch.NO_WORKERS and not facts.knows_workers:
        return None
    found = {
        Watch.QUEUE_AGE: _queue_age,
        Watch.NO_OWNER: _no_owner,
        Watch.FLAPPING: _flapping,
        Watch.NO_WORKERS: _no_workers,
        Watch.POISON: _poison,
    }[rule.when]
    return tuple(found(rule, facts, facts.partitions))


def _hub(rule: Rule, facts: HubFacts) -> Iterator[Finding]:
    standing = facts.standing
    if standing.health in _LOST:
        said = {
            Health.UNREACHABLE: "The hub cannot be reached",
            Health.DENIED: "The hub may not be read",
            Health.GONE: "The hub is gone",
        }[standing.health]
        why = f": {standing.problem}" if standing.problem else ""
        yield _finding(rule, facts, "", f"{said}{why}.", reason=standing.health.value)


def _stuck(rule: Rule, facts: HubFacts) -> Iterator[Finding]:
    for line in facts.stuck or ():
        if line.seconds < rule.after or not rule.is_about(line.name):
            continue
        if rule.reasons and line.reason not in rule.reasons:
            continue
        yield Finding(
            rule=rule.name,
            hub=facts.hub,
            subject=line.instance_id,
            reason=line.reason.value,
            sentence=line.sentence,
            instance_id=line.instance_id,
            since=line.since,
        )


def _failed(rule: Rule, facts: HubFacts) -> Iterator[Finding]:
    for name, number in sorted(facts.failed[rule.within].items()):
        if number >= rule.count and rule.is_about(name):
            said = (
                f"{counted(number, 'instance')} of {quoted(name)} failed in the last "
                f"{span(rule.within)}."
            )
            yield _finding(rule, facts, name, said)


def _queue_age(rule: Rule, facts: HubFacts, seen: PartitionsView) -> Iterator[Finding]:
    for queue in _queues(seen):
        if (
            queue.oldest is not None
            and (age := seconds_between(queue.oldest, seen.at)) >= rule.after
        ):
            said = f"The oldest message of queue {queue.name} waits for {span(age)}; "
            said += f"{counted(queue.depth, 'message')} in all."
            yield _finding(rule, facts, queue.name, said, since=queue.oldest)


def _no_owner(rule: Rule, facts: HubFacts, seen: PartitionsView) -> Iterator[Finding]:
    for one in seen.partitions:
        has_work = one.queue.depth > 0 or one.running > 0
        if has_work and one.holding in (Holding.FREE, Holding.EXPIRED):
            said = f"Partition {one.index} has work and nobody holds it"
            if one.holding is Holding.EXPIRED and one.owner:
                said = f"Partition {one.index} has work, and its owner {one.owner} does not renew"
            yield _finding(rule, facts, str(one.index), f"{said}.", since=one.expires)


def _flapping(rule: Rule, facts: HubFacts, seen: PartitionsView) -> Iterator[Finding]:
    for one in seen.partitions:
        if one.flapping:
            times = counted(one.changes, "time")
            said = f"Partition {one.index} changed hands {times} in the last hour."
            yield _finding(rule, facts, str(one.index), said)


def _no_workers(rule: Rule, facts: HubFacts, seen: PartitionsView) -> Iterator[Finding]:
    active = sum(n for status, n in facts.standing.counts.items() if status not in ENDED)
    messages = sum(queue.depth for queue in _queues(seen))
    frozen = any(one.holding is Holding.FROZEN for one in seen.partitions)
    if not seen.workers and not frozen and (active or messages):
        said = (
            f"No worker is there for {counted(active, 'instance')} that {_have(active)} not ended "
            f"and {counted(messages, 'message')}."
        )
        yield _finding(rule, facts, "", said)


def _poison(rule: Rule, facts: HubFacts, seen: PartitionsView) -> Iterator[Finding]:
    for queue in _queues(seen):
        if queue.poison >= rule.count:
            messages = counted(queue.poison, "poison message")
            said = f"Queue {queue.name} has {messages}; one was delivered {queue.deliveries} times."
            yield _finding(rule, facts, queue.name, said)


def _queues(seen: PartitionsView) -> Iterator[QueueView]:
    yield from (one.queue for one in seen.partitions)
    if seen.work_items is not None:
        yield seen.work_items


def _finding(
    rule: Rule,
    facts: HubFacts,
    subject: str,
    sentence: str,
    *,
    reason: str | None = None,
    since: Ticks | None = None,
) -> Finding:
    return Finding(
        rule=rule.name,
        hub=facts.hub,
        subject=subject,
        reason=reason or rule.when.value,
        sentence=sentence,
        since=since,
    )


def _have(number: int) -> str:
    return "has" if number == 1 else "have"
