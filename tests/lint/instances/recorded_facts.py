"""The recorded hubs as facts of the linter, without any storage."""

from collections.abc import Iterator

from durahub.classic import instance_rows
from durahub.classic.columns import Columns
from durahub.classic.envelope import Envelope, decode
from durahub.classic.keys import unescape
from durahub.classic.payloads import blob_columns, candidates, is_message_blob, unpack
from durahub.classic.stored_rows import stored_event, stored_instance
from durahub.engine import state as states
from durahub.model.history import ExecutionStarted
from durahub.stored import StoredInstance
from durahub_migrate.lint.facts.entity_reading import entity_of
from durahub_migrate.lint.facts.hubs import HubFacts, HubKind, MessageFacts
from durahub_migrate.lint.facts.instances import InstanceFacts
from durahub_migrate.lint.facts.measuring import instance_payloads, message_payloads, names_entity
from durahub_migrate.lint.place import Place, PlaceKind
from tests.golden import examined
from tests.golden.recorded import RecordedHub


def facts_of(hub: RecordedHub) -> Iterator[HubFacts | InstanceFacts | MessageFacts]:
    """Yield the hub, its instances and its messages, each with its payloads measured."""
    classic = examined.hub_of(hub)
    yield HubFacts(
        place=Place(source=hub.name, kind=PlaceKind.HUB),
        name=hub.names.hub,
        kind=HubKind.CLASSIC,
        now=classic.now,
        partitions=classic.partitions,
        classic=classic,
    )
    for one in examined.instances_of(hub, classic):
        rows = hub.current_history.get(one.key, [])
        history = tuple(stored_event(row)[1].event for row in rows)
        blobs = {index: blob_columns(columns) for index, columns in enumerate(rows)}
        row = _row(hub, one.row_columns) if one.row_columns else None
        is_entity = names_entity(one.instance_id)
        kind = PlaceKind.ENTITY if is_entity else PlaceKind.INSTANCE
        state = states.read(history)
        started = state.started.input if state.started is not None else None
        yield InstanceFacts(
            place=Place(source=hub.name, kind=kind, key=unescape(one.key)),
            instance_id=one.instance_id,
            row=row,
            history=history,
            state=state,
            payloads=tuple(instance_payloads(row, history, blobs)),
            entity=entity_of(one.instance_id, started) if is_entity else None,
            classic=one,
        )
    for queue in classic.queues.values():
        for message in queue.seen:
            if message.event is not None:
                yield MessageFacts(
                    place=Place(source=hub.name, kind=PlaceKind.MESSAGE, key=message.message_id),
                    queue=queue.name,
                    event=message.event,
                    target=message.target,
                    payloads=tuple(message_payloads(message.event, message.target)),
                )


def _row(hub: RecordedHub, columns: Columns) -> StoredInstance:
    found = instance_rows.decode(columns)
    return stored_instance(
        columns,
        found,
        input_text=_resolved(hub, found.instance.input, found.input_blob),
        output_text=_resolved(hub, found.instance.output),
    )


def _resolved(hub: RecordedHub, text: str | None, blob: str | None = None) -> str | None:
    """Return *text*, or what stands in the blob that it is the address of."""
    if blob is not None:
        return unpack(hub.payloads[blob], blob)
    container = f"http://127.0.0.1/devstoreaccount1/{hub.names.large_messages_container}"
    for name in candidates(text or "", container):
        if name in hub.payloads:
            content = unpack(hub.payloads[name], name)
            if not is_message_blob(name):
                return content
            envelope = decode(content)
            assert isinstance(envelope, Envelope)
            assert isinstance(envelope.message.event, ExecutionStarted)
            return envelope.message.event.input
    return text
