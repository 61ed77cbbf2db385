"""Makes the probes, one after the other, and removes what they made."""

import functools
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from random import Random

from durahub.errors import DurahubError, EndpointDenied, HubNotFound
from durahub.model.ticks import Ticks
from durahub_migrate.endpoint.client import EndpointClient
from durahub_migrate.moving.capabilities import Capabilities
from durahub_migrate.moving.place import EndpointAddress
from durahub_migrate.probing import of_entities, of_events, of_histories, of_instances, of_payloads
from durahub_migrate.probing.judging import PROBES, SIZES, Observed, judge
from durahub_migrate.probing.scratch import Scratch

OpenClient = Callable[[EndpointAddress], AbstractAsyncContextManager[EndpointClient]]
"""Opens an endpoint: `durahub_migrate.endpoint.opening.open_endpoint`, or that with an identity."""

Probe = Callable[[Scratch], Awaitable[Observed]]


async def probe(
    address: EndpointAddress,
    open_client: OpenClient,
    clock: Callable[[], Ticks],
    random: Random,
    *,
    sizes: tuple[int, ...] = SIZES,
    within: float = 20.0,
    quiet: float = 1.5,
    monotonic: Callable[[], float] = time.monotonic,
    tell: Callable[[str, str], object] = lambda probe, what: None,  # noqa: ARG005 (told nobody)
) -> Capabilities:
    """Return what a target can do. Raises `ServerUnavailable`, `EndpointDenied`, `HubNotFound`.

    All instances are the probe's own, with IDs that begin with `durahub_migrate.probing.scratch.PREFIX`. What
    earlier probes have left is removed first, what this one has made at its end. *tell* is told the number of
    each probe before it is made, and what it tries.
    """
    async with open_client(address) as client:
        await client.hello()
        scratch = Scratch(client, clock, random, monotonic, within, quiet)
        removed = await scratch.clean_leftovers()
        try:
            found = dict([one async for one in _made(scratch, sizes, tell)])
        finally:
            await scratch.clean()
        told = {"prefix": scratch.run, "removed_before": removed, "left": scratch.left}
    return judge({**found, "scratch": told})


async def _made(
    scratch: Scratch, sizes: tuple[int, ...], tell: Callable[[str, str], object]
) -> AsyncIterator[tuple[str, Observed]]:
    probes: Mapping[str, Probe] = {
        "P1": of_instances.duplicates,
        "P2": of_instances.ids,
        "P3": functools.partial(of_payloads.payloads, sizes=sizes),
        "P4": of_histories.ghost,
        "P5": of_histories.rewind,
        "P6": of_histories.backend,
        "P7": of_instances.past_timer,
        "P8": _retention,
        "P9": of_entities.own_form,
        "P10": of_entities.seeding,
        "P11": of_instances.custom_status,
        "P12": of_instances.tags,
        "P13": of_instances.rate,
        "P14": of_events.strays,
    }
    for name, make in probes.items():
        tell(name, PROBES[name])
        scratch.names += 1
        try:
            yield name, await make(scratch)
        except (EndpointDenied, HubNotFound):
            raise
        except DurahubError as error:
            yield name, {"why": error.sentence}


async def _retention(scratch: Scratch) -> Observed:  # noqa: ARG001 (one signature for all)
    """P8: nobody can wait so long."""
    return {
        "why": "a policy's period is days; whether old times count is seen only when it has passed"
    }
