"""What an orchestrator sends to entities in the protocol's own terms, as actions."""

from typing import Literal

from durabletask.internal import orchestrator_service_pb2 as pb

from durahub.edge.wellknown import text_of, ticks_of
from durahub.engine.actions import SendEntityMessage
from durahub.engine.entities.ids import check_entity_id
from durahub.errors import BadRequest


def entity_action(number: int, action: pb.SendEntityMessageAction) -> SendEntityMessage:
    """Return the action. Raises `BadRequest` or `BadInstanceId` where it means nothing.

    Who sends it is left out: the server knows, and not every SDK fills it in.
    """
    match action.WhichOneof("EntityMessageType"):
        case "entityOperationCalled":
            return _operation(number, "call", action.entityOperationCalled)
        case "entityOperationSignaled":
            return _operation(number, "signal", action.entityOperationSignaled)
        case "entityLockRequested":
            lock = action.entityLockRequested
            locks = tuple(_entity(instance_id) for instance_id in lock.lockSet)
            if not 0 <= lock.position < len(locks):
                raise BadRequest(f"lock {lock.position} of a set of {len(locks)} does not exist")
            return SendEntityMessage(
                id=number,
                kind="lock",
                request_id=_required(lock.criticalSectionId, "a critical section's ID"),
                target=locks[lock.position],
                lock_set=locks,
                position=lock.position,
            )
        case "entityUnlockSent":
            unlock = action.entityUnlockSent
            return SendEntityMessage(
                id=number,
                kind="unlock",
                request_id=_required(unlock.criticalSectionId, "a critical section's ID"),
                target=_entity(text_of(unlock, "targetInstanceId")),
            )
        case _:
            raise BadRequest(f"entity message {number} is of no known kind")


def _operation(
    number: int,
    kind: Literal["call", "signal"],
    sent: pb.EntityOperationCalledEvent | pb.EntityOperationSignaledEvent,
) -> SendEntityMessage:
    return SendEntityMessage(
        id=number,
        kind=kind,
        request_id=_required(sent.requestId, f"the request ID of an entity {kind}"),
        target=_entity(text_of(sent, "targetInstanceId")),
        operation=_required(sent.operation, f"the operation of an entity {kind}"),
        input=text_of(sent, "input"),
        scheduled=ticks_of(sent, "scheduledTime"),
    )


def _entity(instance_id: str | None) -> str:
    check_entity_id(instance_id or "")
    return instance_id or ""


def _required(text: str, what: str) -> str:
    if not text:
        raise BadRequest(f"{what} is empty")
    return text
