"""Rules about entities: their scheduler state can be read, and their lock has a living holder; layout 2.8."""

from collections.abc import Iterator

from durahub.classic.doctor.findings import Finding, Rule, Severity
from durahub.classic.doctor.repairs import ReleaseLock
from durahub.classic.doctor.snapshot import HubFacts, InstanceFacts
from durahub.engine.entities.cleaning import is_orphaned
from durahub.engine.entities.clients import release_orphan
from durahub.engine.entities.ids import is_entity
from durahub.engine.entities.messages import RELEASE
from durahub.engine.entities.scheduler_state import scheduler_state_of, status_of
from durahub.errors import BadMessage
from durahub.model.history import EventRaised

UNREADABLE = Rule(
    name="entity-state-unreadable",
    severity=Severity.ERROR,
    means="The scheduler state of an entity cannot be read: no worker can run its operations.",
    remedy="None: a person corrects it, or purges the entity with its state.",
)
LEAKED = Rule(
    name="leaked-lock",
    severity=Severity.ERROR,
    means="An entity is locked by an orchestration that has ended or is gone: whoever else wants it waits "
    "for ever.",
    remedy="The entity is sent the release, as cleaning entity storage does.",
)
RULES = (UNREADABLE, LEAKED)


def lock_holder(instance: InstanceFacts) -> str | None:
    """Return the orchestration that an entity's row says holds its lock."""
    if instance.row is None or not is_entity(instance.instance_id):
        return None
    return status_of(instance.row.custom_status).locked_by


def findings(instance: InstanceFacts, hub: HubFacts) -> Iterator[Finding]:
    """Check one entity; nothing for other instances."""
    if not is_entity(instance.instance_id) or not instance.is_readable:
        return
    where = f"table {hub.names.history_table} {instance.key}"
    started = instance.state.started
    in_blob = any(row.blobs for row in instance.rows if row.event is started)
    if started is not None and not in_blob:
        try:
            scheduler_state_of(started.input)
        except BadMessage as error:
            yield UNREADABLE.found(where, error.sentence, instance_id=instance.instance_id)
    holder = lock_holder(instance)
    if holder is None or holder not in instance.related:
        return
    if not is_orphaned(instance.related[holder].row):
        return
    queue = hub.queue_of(instance.instance_id)
    sent = (message.event for message in hub.messages_to(instance.instance_id))
    if any(isinstance(event, EventRaised) and event.name == RELEASE for event in sent):
        return
    if hub.unseen((queue,)):
        return  # the release may be among these
    yield LEAKED.found(
        f"table {hub.names.instances_table} {instance.key}/",
        f"held by {holder}",
        instance_id=instance.instance_id,
        repair=ReleaseLock(
            instance.instance_id, holder, release_orphan(instance.instance_id, holder, hub.now)
        ),
    )
