"""What is known of the target of a plan, and whether it has the way that was asked for."""

import functools
import random
from dataclasses import replace
from pathlib import Path

from durahub.address import HubAddress, StoreAddress, StoreKind
from durahub.cli.access import access_of_environment
from durahub.cli.opening import run
from durahub.cli.output import say
from durahub.cli.running import running_servers
from durahub.dispatch.clock import system_clock
from durahub.errors import BadAddress, BadCapabilities, BadPlan, NotProbed
from durahub.model.ticks import Ticks, to_round_trip_text
from durahub_migrate.assessment.decision_table import STRATEGIES
from durahub_migrate.cli.running_hub import looked_at
from durahub_migrate.endpoint.opening import open_endpoint
from durahub_migrate.lint.whole_file import write_whole
from durahub_migrate.moving.capabilities import (
    CLASSIC_HUB,
    OWN_STORE,
    UNPROBED_ENDPOINT,
    Capabilities,
)
from durahub_migrate.moving.place import EndpointAddress, PlaceKind, kind_of, parse_place
from durahub_migrate.moving.strategy import Strategy
from durahub_migrate.planning.request import Request
from durahub_migrate.probing import capabilities_file
from durahub_migrate.probing.probe import probe

_KNOWN = {
    PlaceKind.SCHEDULER: OWN_STORE,
    PlaceKind.CLASSIC: CLASSIC_HUB,
    PlaceKind.ENDPOINT: UNPROBED_ENDPOINT,
}


def named(target: str) -> str:
    """Return *target* so that it means the same hub when the plan is applied, whatever runs here by then.

    Raises `BadAddress` and `SeveralServers`.
    """
    given = parse_place(target)
    place = looked_at(given, running_servers())
    if isinstance(place, HubAddress) and place.store.kind is StoreKind.HERE:
        place = HubAddress(StoreAddress(StoreKind.AZURITE, ""), place.hub)
    elif place == given:
        return target
    say(f"{target} is {place}")
    return str(place)


def capabilities_of(target: str, file: Path | None, *, probes: bool) -> Capabilities:
    """Return what *target* can do: by a probe, by the *file* that an earlier one has left, or as documented.

    A probe writes *file*. Raises `BadAddress`, `BadCapabilities`, and what an endpoint does not give.
    """
    place = parse_place(target)
    kind = kind_of(place)
    if kind is PlaceKind.BUNDLE:
        raise BadAddress(target, "a bundle is no target: use durahub export")
    if probes:
        if not isinstance(place, EndpointAddress):
            raise BadAddress(target, "--probe is for endpoints (dts:); of a store all is known")
        return _probed(place, file)
    if file is None:
        return _KNOWN[kind]
    found, of, at = _read(file)
    if of != str(place):
        raise BadCapabilities(str(file), f"it is about {of}, not about {place}")
    return _dated(found, at)


def _probed(place: EndpointAddress, file: Path | None) -> Capabilities:
    opening = functools.partial(open_endpoint, identity=access_of_environment().identity)

    def tell(number: str, what: str) -> None:
        say(f"probing {place}: {number}, {what}")

    at = system_clock()
    found = run(probe(place, opening, system_clock, random.Random(), tell=tell))  # noqa: S311 (no secret hangs on it)
    if file is not None:
        write_whole(file, [capabilities_file.encode(found, str(place), at).encode()])
    return _dated(found, at)


def _read(file: Path) -> tuple[Capabilities, str, Ticks]:
    try:
        return capabilities_file.decode(file.read_text("utf-8"), str(file))
    except BadPlan as error:
        raise BadCapabilities(str(file), error.problem) from None
    except (OSError, UnicodeDecodeError) as error:
        said = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise BadCapabilities(str(file), (said or "it cannot be read").lower()) from None


def _dated(found: Capabilities, at: Ticks) -> Capabilities:
    """Return *found* with the time of the probe: a plan tells how old that is."""
    return replace(found, probes={**found.probes, "probed": to_round_trip_text(at)})


def check_way(request: Request, target: str) -> None:
    """Raise `NotProbed` unless the target has the strategy that was asked for."""
    asked = request.preferred
    if asked is None or asked is Strategy.DRAIN or asked in request.possible:
        return
    way = f"{STRATEGIES[asked.value][0].lower()} ({asked.value})"
    if request.is_exact:
        problem = "it is imported to as it is"
    elif asked is Strategy.IMPORT:
        problem = "it is an endpoint, not a store of durahub"
    else:
        problem = "no probe has seen that it takes it (--probe tries)"
    raise NotProbed(target, way, problem)
