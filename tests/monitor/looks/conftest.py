"""Recorded hubs on Azurite."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest

from durahub.classic.account import Account
from durahub.dispatch.clock import system_clock
from tests.golden.loading import load
from tests.golden.recorded import HUBS
from tests.monitor.looks.recorded_hub import Clock, HubOnAzurite

LoadHub = Callable[[str], Awaitable[HubOnAzurite]]


@pytest.fixture
async def load_hub(azurite: Any, hub_name: str) -> AsyncIterator[LoadHub]:
    """Load a recorded hub by its name, under a name of its own; every message is visible."""
    made: list[HubOnAzurite] = []

    async def one(recorded: str) -> HubOnAzurite:
        name = f"{hub_name}{len(made)}"
        found = next(hub for hub in HUBS if hub.name == recorded)
        await load(found, azurite.connection_string, name)
        account = Account.from_connection_string(azurite.connection_string, "the test")
        made.append(HubOnAzurite(name, account, Clock(system_clock())))
        return made[-1]

    yield one
    for hub in made:
        await hub.close()
