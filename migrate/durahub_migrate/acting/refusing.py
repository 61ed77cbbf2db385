"""Refuses what would have no effect, in the words of the stores' own errors."""

from durahub.engine.entities.ids import is_entity
from durahub.errors import BadInstanceId, WrongStatus
from durahub.model.history import Status
from durahub.model.instance import Instance
from durahub_migrate.acting.arguments import Arguments
from durahub_migrate.monitor.actions import Verb
from durahub_migrate.monitor.possible import OF_ENTITIES, OF_ORCHESTRATIONS

_ENDED = "it has ended, so that would have no effect"


def refuse(verb: Verb, row: Instance, arguments: Arguments) -> None:
    """Raise `WrongStatus` if *verb* does nothing with an instance, `BadInstanceId` if it is of another kind.

    Clients may send an event to what has ended, and it is dropped: somebody who acts wants to be told.
    """
    instance_id, status = row.instance_id, row.status
    if verb in OF_ORCHESTRATIONS and is_entity(instance_id):
        raise BadInstanceId(
            instance_id, f"{verb.value} is for orchestrations, and this is an entity"
        )
    if verb in OF_ENTITIES and not is_entity(instance_id):
        raise BadInstanceId(instance_id, f"{verb.value} is for entities, which are @name@key")
    problem: str | None = None
    match verb:
        case Verb.RAISE_EVENT | Verb.SUSPEND | Verb.TERMINATE if status.is_terminal:
            problem = _ENDED
        case Verb.SUSPEND if status is Status.Suspended:
            problem = "it need not be suspended again"
        case Verb.RESUME if status is not Status.Suspended:
            problem = "only what is suspended can be resumed"
        case Verb.RESTART if not status.is_terminal and not arguments.flag("newId"):
            problem = "it must have ended to be restarted under its ID"
        case Verb.REWIND if status is not Status.Failed:
            problem = "rewinding is allowed only for what has failed"
        case Verb.PURGE if not status.is_terminal:
            problem = "only what has ended can be purged"
    if problem is not None:
        raise WrongStatus(instance_id, status.name, problem)
