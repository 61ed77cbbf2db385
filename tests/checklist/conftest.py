"""A test gets `hub`, a served hub of its module, once for each kind of store."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.checklist.served_hubs import ServedHub, new_hub

STORES = (pytest.param("classic", marks=pytest.mark.azurite), "scheduler")


@pytest.fixture(scope="module", params=STORES)
def store_kind(request: pytest.FixtureRequest) -> str:
    """The kind of store a test runs on."""
    return str(request.param)


@pytest.fixture(scope="module")
def account(request: pytest.FixtureRequest, store_kind: str) -> str:
    """The connection string of the storage account; empty where none is used."""
    if store_kind == "scheduler":
        return ""
    return str(request.getfixturevalue("azurite").connection_string)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def hub(store_kind: str, account: str) -> AsyncIterator[ServedHub]:
    """A served hub with a worker; all tests of a module share it."""
    async with new_hub(store_kind, account) as hub:
        yield hub
