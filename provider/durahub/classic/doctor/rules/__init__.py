"""All rules, and what leads them over one instance."""

from collections.abc import Iterator

from durahub.classic.doctor.findings import Finding, Rule
from durahub.classic.doctor.rules import (
    blobs,
    entities,
    history,
    instances,
    leases,
    messages,
    sentinels,
    waiting,
)
from durahub.classic.doctor.snapshot import HubFacts, InstanceFacts
from durahub.engine.state import answer_of

RULES: tuple[Rule, ...] = (
    *instances.RULES,
    *history.RULES,
    *sentinels.RULES,
    *waiting.RULES,
    *messages.RULES,
    *entities.RULES,
    *blobs.RULES,
    *leases.RULES,
)


def of_hub(hub: HubFacts) -> Iterator[Finding]:
    """Check a hub but for its instances."""
    yield from leases.findings(hub)
    yield from messages.of_themselves(hub)


def of_instance(instance: InstanceFacts, hub: HubFacts) -> Iterator[Finding]:
    """Check one instance, but for what it waits for."""
    yield from instances.findings(instance, hub)
    yield from history.findings(instance, hub)
    yield from sentinels.findings(instance, hub)
    yield from entities.findings(instance, hub)
    yield from messages.to_instance(instance, hub.messages_to(instance.instance_id), hub)


def related_ids(instance: InstanceFacts, hub: HubFacts) -> Iterator[str]:
    """Yield the instances that the rules must see beside this one: open children, a lock's holder."""
    if not instance.is_readable:
        return
    holder = entities.lock_holder(instance)
    if holder is not None:
        yield holder
    if instance.is_live:
        events = (message.event for message in hub.messages_to(instance.instance_id))
        seen = {answer_of(event) for event in events if event is not None}
        for child in waiting.open_children(instance):
            if ("child", child.event_id) not in seen and child.instance_id:
                yield child.instance_id
