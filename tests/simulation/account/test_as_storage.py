"""The simulated account answers as storage does: one script, played against it and against Azurite."""

import asyncio
import secrets
from random import Random
from typing import Any

import pytest

from durahub.classic.account import Account
from durahub.classic.connection import AccountKey, parse
from durahub.classic.storage_errors import StorageErrors
from durahub.classic.tables import Tables
from tests.conftest import Storage
from tests.simulation import virtual_time
from tests.simulation.account.line import Fate, Line
from tests.simulation.account.script import Player, Ways
from tests.simulation.account.service import CONNECTION_STRING, StorageAccount
from tests.simulation.account.session import account_by

Seen = list[tuple[str, Any]]


async def _played(account: Account, text: str, prefix: str) -> Seen:
    access = parse(text, "the test").access
    assert isinstance(access, AccountKey)
    rows = Tables(account.table_wire, StorageErrors("", ""))
    return await Player(Ways.to(account, access), prefix, rows).play()


def _simulated() -> Seen:
    async def play() -> Seen:
        storage = StorageAccount(asyncio.get_running_loop().time)
        account = account_by(Line(storage, lambda _: Fate(), Random(0)))
        return await _played(account, CONNECTION_STRING, "test")

    return virtual_time.run(play())


def test_the_script_is_the_same_every_time() -> None:
    assert _simulated() == _simulated()


@pytest.mark.azurite
async def test_the_simulated_account_answers_as_azurite_does(azurite: Storage) -> None:
    text = azurite.connection_string
    async with Account.from_connection_string(text, "the test") as account:
        real = await _played(account, text, f"t{secrets.token_hex(4)}")
    simulated = await asyncio.to_thread(_simulated)

    different = [(s, r) for s, r in zip(simulated, real, strict=True) if s != r]
    assert different == []
