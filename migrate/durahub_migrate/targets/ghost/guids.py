"""The GUIDs that an SDK makes up for requests to entities, the same ones whenever it replays a history.

A GUID is a hash of the instance's ID, the clock of the turn and a counter. The turns of a replayed history
have other times; the app's SDK then knows neither the answer to a call nor the locks that it is granted,
for it calls the request otherwise. So the counter is found by trying, and the request gets the GUID that
the app will make up for the turn at the target.

Sources: durabletask-dotnet, ``TaskOrchestrationContextWrapper.NewGuid``; durabletask-python, ``worker.py``,
``new_uuid``; durabletask-js, ``runtime-orchestration-context.js``, ``newGuid``.
"""

import uuid
from dataclasses import dataclass
from enum import Enum, auto

from durahub.engine.entities.messages import guid_of
from durahub.model.ticks import Ticks, to_datetime, to_round_trip_text
from durahub_migrate.moving.settings import MoveSettings

MOST = 1_000
"""The highest counter that is tried."""

_DOTNET = uuid.UUID("9e952958-5e33-4daf-827f-2fa12937b875")
_PYTHON = uuid.uuid5(uuid.NAMESPACE_OID, str(_DOTNET))


class Maker(Enum):
    """Whose way of making up GUIDs it is."""

    DOTNET = auto()
    PYTHON = auto()
    JAVASCRIPT = auto()


_MAKERS = {"dotnet": Maker.DOTNET, "python": Maker.PYTHON, "javascript": Maker.JAVASCRIPT}


@dataclass(frozen=True, slots=True)
class Made:
    """How a GUID was made up."""

    maker: Maker
    counter: int


def maker_of(settings: MoveSettings, *, renumbers: bool) -> Maker | None:
    """Return whose way the app at the target has, ``None`` for that of the recorded one.

    If the target does not take an SDK's numbers (*renumbers*), they do not tell which SDK it is.
    """
    if settings.sdk in _MAKERS:
        return _MAKERS[settings.sdk]
    if settings.numbering is None or not renumbers:
        return None
    return Maker.PYTHON if settings.numbering else Maker.DOTNET


def made_by(maker: Maker, instance_id: str, clock: Ticks, counter: int) -> str:
    """Return the GUID, dashed and in lower case."""
    match maker:
        case Maker.DOTNET:
            moment, space = to_round_trip_text(clock), _DOTNET
        case Maker.PYTHON:
            moment, space = to_datetime(clock).strftime("%Y-%m-%dT%H:%M:%S.%fZ"), _PYTHON
        case Maker.JAVASCRIPT:  # its clock has milliseconds
            moment = to_datetime(clock).isoformat(timespec="milliseconds").split("+")[0] + "Z"
            space = _DOTNET
    return str(uuid.uuid5(space, f"{instance_id}_{moment}_{counter}"))


def making_of(guid: str, instance_id: str, clock: Ticks) -> Made | None:
    """Return how *guid* was made up in a turn with that clock, ``None`` if in no known way."""
    wanted = guid_of(guid)
    for maker in Maker:
        for counter in range(MOST):
            if made_by(maker, instance_id, clock, counter) == wanted:
                return Made(maker, counter)
    return None
