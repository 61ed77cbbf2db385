"""The benchmarks of the monitor, small."""

from pathlib import Path

import pytest
from benchmarks.contestants import Contestant
from benchmarks.monitor import PAGES, monitor_index
from benchmarks.monitor_requests import DETAIL, SCREENS, SWEEP, requests_on
from benchmarks.report import write
from benchmarks.results import Results, lines_of, read
from benchmarks.stores import on_azurite

from tests.conftest import Storage


def test_an_index_is_filled_and_asked_and_told_of(tmp_path: Path) -> None:
    found = monitor_index(Contestant("sqlite"), 400)

    assert found.wrong == []
    assert len(found.pages) == 3 * len(PAGES)
    assert all(one["steps"] for one in found.pages)
    saved = tmp_path / "saved.jsonl"
    saved.write_bytes(lines_of(Results(found=[found])))
    assert read(saved).indexes == [found]
    write(read(saved), tmp_path / "RESULTS-MONITOR.md")
    assert "| `status:Failed`" in (tmp_path / "RESULTS-MONITOR.md").read_text("utf-8")


async def at_once(_: float) -> None:
    """Let no time pass: what was written last is asked for again, which takes no request more."""


LOOKS = {
    SWEEP: (
        "to find the hub",
        "a sweep of 30 rows",
        "a look while nothing has changed",
        "a look after 10 rows have changed",
    ),
    DETAIL: (
        "once for a hub: what acting needs",
        "the page is opened",
        "again, nothing has changed",
        "again, after one more checkpoint",
        "of that: the instance",
        "of that: 200 events of the history",
        "of that: the timeline",
    ),
    SCREENS: (
        "hubs",
        "list",
        "instance, the first of the hub",
        "instance",
        "why",
        "partitions",
        "stuck",
        "storage",
        "storage, again within the hour",
    ),
}
WANTED = {
    SWEEP: {
        "a sweep of 30 rows": 1,
        "a look while nothing has changed": 1,
        "a look after 10 rows have changed": 1,
    },
    DETAIL: {  # the row, what may be done with it, two pages of the history, a look at it for the timeline
        "the page is opened": 5,
        "again, nothing has changed": 4,
        "again, after one more checkpoint": 4,
    },
    SCREENS: {"hubs": 0, "list": 0},
}


@pytest.mark.azurite
@pytest.mark.parametrize(("figure", "size"), [(SWEEP, 30), (DETAIL, 1200), (SCREENS, 2)])
async def test_requests_of_the_monitor_are_counted_as_a_proxy_counts_them_and_told(
    azurite: Storage, hub_name: str, figure: str, size: int, tmp_path: Path
) -> None:
    urls = {"blob": azurite.blob_url, "queue": azurite.queue_url, "table": azurite.table_url}
    storage = on_azurite("azurite", urls, None)

    found = await requests_on(storage, figure, size, hub=hub_name, pause=at_once)

    assert found.wrong == []
    assert tuple(one["what"] for one in found.looks) == LOOKS[figure]
    requests = {one["what"]: one["requests"] for one in found.looks}
    assert requests == requests | WANTED[figure]
    saved = tmp_path / "saved.jsonl"
    saved.write_bytes(lines_of(Results(found=[found])))
    assert read(saved).watched == [found]
    write(read(saved), tmp_path / "RESULTS-MONITOR.md")
    page = (tmp_path / "RESULTS-MONITOR.md").read_text("utf-8")
    assert all(f"| {what} " in page for what in LOOKS[figure])
