"""What an orchestrator sends to entities in the protocol's own terms, as actions."""

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
            call = action.entityOperationCalled
            return SendEntityMessage(
                id=number,
                kind="call",
                request_id=_required(call.requestId, "the request ID of an entity call"),
                target=_entity(text_of(call, "targetInstanceId")),
                operation=_required(call.operation, "the operation of an entity call"),
                input=text_of(call, "input"),
                scheduled=ticks_of(call, "scheduledTime"),
            )
        case "entityOperationSignaled":
            signal = action.entityOperationSignaled
            return SendEntityMessage(
                id=number,
                kind="signal",
                request_id=_required(signal.requestId, "the request ID of an entity signal"),
                target=_entity(text_of(signal, "targetInstanceId")),
                operation=_required(signal.operation, "the operation of an entity signal"),
                input=text_of(signal, "input"),
                scheduled=ticks_of(signal, "scheduledTime"),
            )
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


def _entity(instance_id: str | None) -> str:
    check_entity_id(instance_id or "")
    return instance_id or ""


def _required(text: str, what: str) -> str:
    if not text:
        raise BadRequest(f"{what} is empty")
    return text
