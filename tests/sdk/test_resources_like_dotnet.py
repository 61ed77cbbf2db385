"""What our hubs consist of, and how partitions are left when their server has stopped: as with .NET."""

import pytest

from tests.golden.recorded import FOLDER, json_of
from tests.sdk.raw_tables import columns
from tests.sdk.written_hubs import GROUPS, WrittenHub

pytestmark = [pytest.mark.sdk, pytest.mark.azurite]

Written = dict[str, WrittenHub]


@pytest.mark.parametrize("group", GROUPS)
def test_a_hub_consists_of_what_dotnets_consists_of(group: str, written: Written) -> None:
    dump = json_of(FOLDER / group / "hub" / "dump.json")
    names = [name for kind in ("tables", "queues", "containers") for name in dump[kind]]
    hub = GROUPS[group].names.hub.lower()

    assert written[group].resources == {name.lower().removeprefix(hub) for name in names}


@pytest.mark.parametrize("group", GROUPS)
def test_partitions_are_left_as_dotnet_leaves_them(group: str, written: Written) -> None:
    theirs = GROUPS[group].table(f"{GROUPS[group].names.hub}Partitions")
    ours = written[group].partitions

    for rows in (ours, theirs):
        assert [row["RowKey"][-10:] for row in rows] == [f"control-{n:02}" for n in range(4)]
    assert [dict(columns(row)) for row in ours] == [dict(columns(row)) for row in theirs]
    assert not any(row["IsDraining"] for row in ours)
