"""The doctor on recorded hubs in a real Azurite: it finds what the rules find in the recordings."""

from collections.abc import AsyncIterator

import pytest

from durahub.classic.account import Account
from durahub.classic.doctor.doctor import Doctor
from durahub.classic.doctor.examination import Report
from durahub.classic.options import ClassicOptions
from durahub.classic.store import ClassicStore
from durahub.dispatch.clock import system_clock
from tests.conftest import Storage
from tests.golden.loading import load
from tests.golden.recorded import HUBS, RecordedHub
from tests.golden.test_recorded_hubs_examined import counting, expected_of

pytestmark = pytest.mark.azurite


@pytest.fixture(params=HUBS, ids=str)
async def hub(request: pytest.FixtureRequest, azurite: Storage) -> AsyncIterator[RecordedHub]:
    found: RecordedHub = request.param
    await load(found, azurite.connection_string)
    yield found
    async with Account.from_connection_string(azurite.connection_string, "the test") as account:
        await store_of(found, account).delete()
        for table in (found.names.history_table, found.names.instances_table):
            await account.tables.delete_table(table)


def store_of(hub: RecordedHub, account: Account) -> ClassicStore:
    options = ClassicOptions(tracking_prefix=hub.names.tracking_prefix)
    return ClassicStore(hub.names.hub, account, options, system_clock)


async def examine(hub: RecordedHub, azurite: Storage) -> Report:
    """Examine a hub; its tracking tables are found, and need not be named."""
    async with Account.from_connection_string(azurite.connection_string, "the test") as account:
        return await Doctor(hub.names.hub, account, system_clock).examine(grace=0)


async def test_a_recorded_hub_is_examined_where_it_lies(hub: RecordedHub, azurite: Storage) -> None:
    report = await examine(hub, azurite)

    found = [(one.where, one.detail) for one in report.findings]
    assert counting(list(report.findings)) == expected_of(hub), found
    assert report.instances == len(hub.instances)
    assert report.blobs == len(hub.payloads)
    assert report.workers == ()
