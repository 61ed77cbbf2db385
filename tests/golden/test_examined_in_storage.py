"""The doctor on recorded hubs in a real Azurite: it finds what the rules find in the recordings."""

import pytest

from durahub.classic.account import Account
from durahub.classic.doctor.doctor import Doctor
from durahub.dispatch.clock import system_clock
from tests.conftest import Storage
from tests.golden.loading import load
from tests.golden.recorded import HUBS, RecordedHub
from tests.golden.test_recorded_hubs_examined import counting, expected_of

pytestmark = pytest.mark.azurite


@pytest.mark.parametrize("hub", HUBS, ids=str)
async def test_a_recorded_hub_is_examined_where_it_lies(
    hub: RecordedHub, azurite: Storage, hub_name: str
) -> None:
    await load(hub, azurite.connection_string, hub_name)

    async with Account.from_connection_string(azurite.connection_string, "the test") as account:
        # its tables may be in a tracking store: they are found, and need not be named
        report = await Doctor(hub_name, account, system_clock).examine(grace=0)

    found = [(one.where, one.detail) for one in report.findings]
    assert counting(list(report.findings)) == expected_of(hub), found
    assert report.instances == len(hub.instances)
    assert report.blobs == len(hub.payloads)
    assert report.workers == ()
