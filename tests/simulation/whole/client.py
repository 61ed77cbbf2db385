"""What simulated clients do: each call by itself, again and again where it may be repeated."""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any, Protocol

from durahub.dispatch.clients import StartRequest
from durahub.dispatch.hub import TaskHub
from durahub.errors import DurahubError, InstanceExists, Unavailable
from durahub.store import InstanceQuery
from tests.simulation.whole.book import Book, Told
from tests.simulation.whole.link import Lost, Network
from tests.simulation.whole.plan import Call
from tests.simulation.whole.recipe import PROGRAM, Task
from tests.simulation.whole.server import Server

TRIES = 8  # of a call whose answer is lost
REPEATED = frozenset({"start", "suspend", "resume", "terminate", "purge", "query"})
"""What a client may do twice: once, and again, because it does not know whether it was done."""


class Office(Protocol):
    """What clients need of the world."""

    network: Network
    book: Book

    def any_server(self) -> Server | None:
        """Return a server that takes calls."""

    def note(self, what: str) -> None:
        """Note what happens."""

    def acknowledged(self, told: Told) -> None:
        """Note that a client knows now that its call was done."""

    def violated(self, what: str) -> None:
        """Note what must not happen."""


@dataclass(slots=True)
class Client:
    """Somebody who makes one call."""

    office: Office
    call: Call
    number: int

    async def run(self) -> None:
        """Make the call, until it is known to be done, or is given up."""
        call, book = self.call, self.office.book
        loop = asyncio.get_running_loop()
        identity = f"c{self.number:04d}"
        if call.what == "start":
            identity = f"c{self.number:026d}"
        told = Told(call.what, call.instance_id, identity, loop.time())
        book.calls.append(told)
        for attempt in range(TRIES):
            server = self.office.any_server()
            try:
                if server is None:
                    await asyncio.sleep(1.0)
                    raise Lost
                told.attempts += 1
                told.server = server.name
                make = self._maker(server.hub, told)
                await self.office.network.ask(server, make)
            except (Lost, Unavailable) as error:
                self.office.note(f"client {call.what} {call.instance_id}: {type(error).__name__}")
                if call.what in REPEATED or (server is None and attempt + 1 < TRIES):
                    continue
                return
            except InstanceExists:
                # of a repeated start: the one before was it, or another instance has the ID
                told.refused = attempt == 0
                self.office.note(f"client {call.what} {call.instance_id}: exists")
            except DurahubError as error:
                told.refused = attempt == 0 or call.what not in REPEATED
                self.office.note(f"client {call.what} {call.instance_id}: {error}")
            else:
                told.acked = loop.time()
                self.office.acknowledged(told)
                self.office.note(f"client {call.what} {call.instance_id} {identity}: done")
            return

    def _maker(self, hub: TaskHub, told: Told) -> Callable[[], Coroutine[Any, Any, None]]:
        return lambda: self._do(hub, told)

    async def _do(self, hub: TaskHub, told: Told) -> None:
        call, identity = self.call, told.identity
        match call.what:
            case "start":
                await hub.start(
                    StartRequest(
                        name=PROGRAM,
                        instance_id=call.instance_id,
                        execution_id=f"{identity[:27]}{told.attempts:04d}",
                        input=Task(call.steps, identity).text(),
                    )
                )
            case "restart":
                await hub.restart(call.instance_id, new_id=False)
            case "raise":
                await hub.raise_event(call.instance_id, call.name, identity)
            case "signal":
                await hub.signal_entity(call.instance_id, "note", f"client/{identity}")
            case "suspend":
                await hub.suspend(call.instance_id, "a break")
            case "resume":
                await hub.resume(call.instance_id, "go on")
            case "terminate":
                await hub.terminate(call.instance_id, '"ended"', recursive=False)
            case "force":
                await hub.force_terminate([call.instance_id], "ended")
            case "purge":
                told.count += (await hub.purge(call.instance_id)).instances
            case "query":
                await hub.query(InstanceQuery())
            case _:
                raise ValueError(call.what)
