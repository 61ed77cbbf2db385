"""Facts for the examples of rules: as little as needs to be said, the rest is ordinary."""

from collections.abc import Sequence
from typing import Any

from durahub.engine import state as states
from durahub.model.history import (
    Event,
    Execution,
    ExecutionStarted,
    OrchestratorCompleted,
    OrchestratorStarted,
)
from durahub.model.ticks import Ticks, later
from durahub.stored import StoredInstance
from durahub_migrate.lint.facts.hubs import HubFacts, HubKind, MessageFacts
from durahub_migrate.lint.facts.instances import EntityFacts, InstanceFacts
from durahub_migrate.lint.facts.measuring import message_payloads
from durahub_migrate.lint.facts.payloads import Payload, PayloadKind
from durahub_migrate.lint.place import Place, PlaceKind
from durahub_migrate.lint.rule import EXAMPLE_TIME
from durahub_migrate.lint.target import Given, Target, Thresholds

SOURCE = "azurite:orders"
STARTED = later(EXAMPLE_TIME, -3600.0)


def a_hub(**others: Any) -> HubFacts:
    """Return a hub called orders; *others* are fields of `HubFacts`."""
    place = Place(source=SOURCE, kind=PlaceKind.HUB)
    given: dict[str, Any] = {"place": place, "name": "orders", "kind": HubKind.CLASSIC}
    return HubFacts(**{**given, "now": EXAMPLE_TIME, "partitions": 4, **others})


def an_instance(
    instance_id: str = "order-7",
    *,
    status: str = "Running",
    history: Sequence[Event] = (),
    payloads: Sequence[Payload] = (),
    row: dict[str, Any] | None = None,
    **others: Any,
) -> InstanceFacts:
    """Return an instance; *row* are fields of its row that matter, *others* fields of `InstanceFacts`.

    An ID that begins with ``@`` makes an entity.
    """
    fields: dict[str, Any] = {
        "instance_id": instance_id,
        "execution_id": "0" * 32,
        "name": "Order",
        "version": "",
        "status": status,
        "created": STARTED,
        "last_updated": STARTED,
        "completed": None,
        "scheduled_start": None,
        "input": None,
        "output": None,
        "custom_status": None,
        "tags": None,
        "generation": 0,
    }
    is_entity = instance_id.startswith("@") and instance_id.count("@") > 1
    if is_entity and "entity" not in others:
        name, _, key = instance_id[1:].partition("@")
        others["entity"] = EntityFacts(name=name, key=key)
    kind = PlaceKind.ENTITY if is_entity else PlaceKind.INSTANCE
    return InstanceFacts(
        place=Place(source=SOURCE, kind=kind, key=instance_id),
        instance_id=instance_id,
        row=StoredInstance(**{**fields, **(row or {})}),
        history=tuple(history),
        state=states.read(history),
        payloads=tuple(payloads),
        **others,
    )


def a_history(*events: Event, at: Ticks = STARTED, **started: Any) -> tuple[Event, ...]:
    """Return the history of one episode in which *events* were written; *started* are fields of its start."""
    fields: dict[str, Any] = {
        "execution": Execution("order-7", "0" * 32),
        "name": "Order",
        **started,
    }
    return (
        OrchestratorStarted(timestamp=at),
        ExecutionStarted(timestamp=at, **fields),
        *events,
        OrchestratorCompleted(timestamp=at),
    )


def a_payload(
    size: int,
    kind: PayloadKind = PayloadKind.INPUT,
    *,
    where: str = "event 1, Input",
    **others: Any,
) -> Payload:
    """Return a payload of *size* bytes; *others* are fields of `Payload`."""
    return Payload(kind=kind, where=where, size=size, **others)


def a_message(event: Event, target: str = "order-7", **others: Any) -> MessageFacts:
    """Return a message on its way to the instance *target*; *others* are fields of `MessageFacts`."""
    queue = "orders-control-00"
    place = Place(source=SOURCE, kind=PlaceKind.MESSAGE, key=f"{queue}/1")
    payloads = tuple(message_payloads(event, target))
    fields: dict[str, Any] = {"queue": queue, "target": target, "payloads": payloads, **others}
    return MessageFacts(place=place, event=event, **fields)


def moving(**target: Any) -> Given:
    """Return what a rule is given where the user says something of the target."""
    return Given(now=EXAMPLE_TIME, target=Target(**target))


def limited(**thresholds: Any) -> Given:
    """Return what a rule is given where the user sets limits."""
    return Given(now=EXAMPLE_TIME, thresholds=Thresholds(**thresholds))
