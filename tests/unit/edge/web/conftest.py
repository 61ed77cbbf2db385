"""The shop that the tests of the HTTP APIs visit."""

from collections.abc import AsyncIterator

import pytest
from web_shop import Shop, open_shop


@pytest.fixture
async def shop() -> AsyncIterator[Shop]:
    async with open_shop() as opened:
        yield opened
