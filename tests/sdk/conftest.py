"""Fixtures that several modules share."""

import pytest

from durahub.errors import AzuriteFailed
from durahub.local.node import find_node
from tests.sdk.written_hubs import WrittenHub, write_hubs


@pytest.fixture(scope="session")
def written(tmp_path_factory: pytest.TempPathFactory) -> dict[str, WrittenHub]:
    """What durahub has written of the recorded groups, by their names."""
    try:
        find_node()
    except AzuriteFailed as error:
        pytest.skip(f"the folder of an Azurite of its own is read: {error}")
    return write_hubs(tmp_path_factory.mktemp("written"))
