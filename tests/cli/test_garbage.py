"""A server process looks for cycles seldom, and no longer once it has stopped."""

import asyncio
import gc

import anyio

from durahub.cli.garbage import EVERY
from durahub.cli.server_life import serve_until_stopped
from durahub.configuration.settings import Settings
from durahub.storage import SqliteStorage


async def test_cycles_are_looked_for_seldom_while_a_server_runs() -> None:
    before, stop = gc.get_threshold(), asyncio.Event()
    settings = Settings(grpc_port=0, http_port=0, api_port=None)
    serving = asyncio.create_task(
        serve_until_stopped(SqliteStorage(":memory:"), settings, stop, output="json")
    )
    with anyio.fail_after(30):
        while gc.get_threshold() == before and not serving.done():  # noqa: ASYNC110 (nobody tells)
            await anyio.sleep(0.01)
    seldom, kept = gc.get_threshold(), gc.get_freeze_count()
    stop.set()
    await asyncio.wait_for(serving, 30)
    assert seldom == (EVERY, *before[1:])
    assert kept > 0
    assert gc.get_threshold() == before
