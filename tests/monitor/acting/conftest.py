"""A test gets `shop`, a hub that no other test uses, once for each kind of store."""

from collections.abc import AsyncIterator

import pytest

from tests.monitor.acting.shops import Shop, shop_on

STORES = [pytest.param("classic", marks=pytest.mark.azurite), "scheduler", "endpoint"]


@pytest.fixture(params=STORES)
async def shop(request: pytest.FixtureRequest) -> AsyncIterator[Shop]:
    storage = request.getfixturevalue("azurite") if request.param == "classic" else None
    async with shop_on(request.param, storage.connection_string if storage else "") as shop:
        yield shop
