"""Two that act on one instance at the same time, on a simulated account: request by request."""

import asyncio
import contextlib
from typing import Any

from durahub.dispatch.starting import StartRequest
from durahub.errors import InstanceExists, WrongStatus
from tests.simulation.account.exchange import Reply, Request
from tests.simulation.account.scene import Scene, run


def test_what_is_started_anew_while_it_is_purged_is_not_purged() -> None:
    async def play(scene: Scene, number: int) -> bool:
        """Start it again behind request *number* of the purge; tell whether there was one."""
        first, store, line = scene.hub("a:000000000001")
        second, _, _ = scene.hub("b:000000000002")
        await first.open(create=True)
        await second.open(create=False)
        await scene.ended(store, "order")
        starts: list[asyncio.Task[Any]] = []
        arrived = 0

        def watch(request: Request, reply: Reply) -> None:
            nonlocal arrived
            arrived += 1
            if arrived == number:
                starts.append(
                    asyncio.ensure_future(
                        second.start(StartRequest(name="order", instance_id="order"))
                    )
                )

        line.watch = watch
        with contextlib.suppress(WrongStatus):  # it was started before the row was read again
            await first.purge("order")
        if not starts:
            return False
        try:
            await starts[0]
        except InstanceExists:  # its row was deleted between reading and replacing it
            return True
        found = scene.eye.instance("order")
        assert found is not None, f"started behind request {number}"
        assert getattr(found, "status", None) == "Pending"
        return True

    number = 1
    while True:
        was_there: list[bool] = []

        async def once(scene: Scene, number: int = number, seen: list[bool] = was_there) -> None:
            seen.append(await play(scene, number))

        run(once)
        if not was_there[0]:
            break
        number += 1
    assert number > 4
