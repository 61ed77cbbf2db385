"""The monitor in a terminal, before a hub in memory: each screen, by its keys."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from durahub.storage import SqliteStorage
from durahub_migrate.acting.audit_log import AuditLog, AuditQuery
from durahub_migrate.tui.screens.help import Help
from durahub_migrate.tui.screens.hubs import Hubs
from durahub_migrate.tui.screens.instance import Instance
from durahub_migrate.tui.screens.instances import COUNT, Instances
from durahub_migrate.tui.screens.jobs import Jobs
from durahub_migrate.tui.screens.partitions import Partitions
from durahub_migrate.tui.screens.stuck import Stuck
from durahub_migrate.watching.watched_hubs import WatchedHubs
from tests.monitor.tui.terminal import KEY, Terminal, hub_in_memory, terminal
from tests.monitor.watching.orders import HUB, start, whole

NASTY = "[red]x[/red]\x1b[2J\x1b]0;owned\x07\u202e"


@pytest.fixture
async def watched() -> AsyncIterator[tuple[SqliteStorage, WatchedHubs]]:
    async with hub_in_memory() as found:
        yield found


async def filled(
    storage: SqliteStorage, monitor: WatchedHubs, *ids: str, name: str = "Order"
) -> None:
    store = storage.store(HUB)
    await store.open(create=False)
    for one in ids:
        await start(store, one, name)
    hub = await whole(monitor.hub(KEY))
    await hub.refresh()


async def test_hubs_lead_to_instances_and_these_to_one(
    watched: tuple[SqliteStorage, WatchedHubs], tmp_path: Path
) -> None:
    storage, monitor = watched
    await filled(storage, monitor, "order/1", "order/2")
    async with terminal(monitor, tmp_path) as shown:
        assert isinstance(shown.page, Hubs)
        assert shown.rows()[0][0] == KEY
        assert "Pending 2" in shown.rows()[0][3]

        await shown.press("enter")
        assert isinstance(shown.page, Instances)
        assert {row[1] for row in shown.rows()} == {"order/1", "order/2"}
        assert all(row[0] == "◌ Pending" for row in shown.rows())
        assert "watched" in shown.text("#standing")

        await shown.press("enter")
        assert isinstance(shown.page, Instance)
        assert shown.text("#problem") == ""
        assert shown.text("#why-text")
        assert '"apples"' in shown.text("#payloads-text")

        await shown.press("3")
        assert "Nothing has happened yet" in shown.text("#timeline-text")  # it was never begun
        await shown.press("4")
        assert shown.rows("#family-table")[0][0].startswith("◆ order/")
        await shown.press("q", "q")
        assert isinstance(shown.page, Hubs)


async def test_a_query_finds_and_a_wrong_one_is_told_with_its_place(
    watched: tuple[SqliteStorage, WatchedHubs], tmp_path: Path
) -> None:
    storage, monitor = watched
    await filled(storage, monitor, "order/1", "order/2", "other")
    async with terminal(monitor, tmp_path) as shown:
        await shown.press("enter", "slash", *"id:ord", "asterisk", "enter")
        assert {row[1] for row in shown.rows()} == {"order/1", "order/2"}

        await shown.press("slash", "end", *" age>soon", "enter")
        assert "DH121" in shown.text("#problem")
        assert "character" in shown.text("#problem")
        assert len(shown.rows()) == 2  # what was found before stays
        shown.page.load_again()
        await shown.settled()
        assert "DH121" in shown.text("#problem")  # what follows the hub does not wipe it away


@pytest.mark.slow
async def test_a_far_page_is_reached_page_by_page(
    watched: tuple[SqliteStorage, WatchedHubs], tmp_path: Path
) -> None:
    storage, monitor = watched
    await filled(storage, monitor, *(f"order-{number:04}" for number in range(COUNT * 2 + 5)))
    async with terminal(monitor, tmp_path) as shown:
        await shown.press("enter", "o", "o", "o")  # by ID
        assert shown.rows()[0][1] == "order-0000"
        assert len(shown.rows()) == COUNT
        await shown.press("n", "n")
        assert [row[1] for row in shown.rows()] == [f"order-{n:04}" for n in range(200, 205)]
        assert "201-205 of 205" in shown.text("#place")
        await shown.press("n", "b")
        assert shown.rows()[0][1] == "order-0100"
        await shown.press("O")
        assert shown.rows()[0][1] == "order-0204"


@pytest.mark.slow
async def test_what_changes_is_shown_unless_it_is_paused(
    watched: tuple[SqliteStorage, WatchedHubs], tmp_path: Path
) -> None:
    storage, monitor = watched
    await filled(storage, monitor, "one")
    async with terminal(monitor, tmp_path) as shown:
        await shown.press("enter", "space")
        assert "paused" in shown.text("#place")
        await filled(storage, monitor, "two")
        await shown.pilot.pause(shown.page.EVERY + 0.5)  # a paused screen lets its turn pass
        assert len(shown.rows()) == 1
        await shown.press("space")
        assert len(shown.rows()) == 2


async def test_names_and_payloads_are_neither_markup_nor_orders_to_the_terminal(
    watched: tuple[SqliteStorage, WatchedHubs], tmp_path: Path
) -> None:
    storage, monitor = watched
    await filled(storage, monitor, f"id{NASTY}", name=NASTY)
    async with terminal(monitor, tmp_path, size=(140, 40)) as shown:
        await shown.press("enter")
        _nothing_is_an_order(shown)
        assert "id[red]x[/red]␛[2J" in shown.screen_text()
        await shown.press("enter")
        for tab in "12345":
            await shown.press(tab)
            _nothing_is_an_order(shown)
        assert "[red]x[/red]␛[2J" in shown.screen_text() + shown.text("#why-text")
        _nothing_is_an_order(shown)


def _nothing_is_an_order(shown: Terminal) -> None:
    text = shown.screen_text()
    assert not {"\x1b", "\x07", "\u202e"} & set(text)


async def test_an_action_is_confirmed_with_its_cost_and_noted(
    watched: tuple[SqliteStorage, WatchedHubs], tmp_path: Path
) -> None:
    storage, monitor = watched
    await filled(storage, monitor, "order-1")
    async with terminal(monitor, tmp_path) as shown:
        await shown.press("enter", "a")
        await shown.until(lambda: bool(shown.app.screen.query("OptionList")))
        options = shown.app.screen.query_one("OptionList")
        place = options.get_option_index("terminate")  # type: ignore[attr-defined]
        options.highlighted = place  # type: ignore[attr-defined]
        await shown.press("enter")
        await shown.until(lambda: bool(shown.app.screen.query("#reason")))
        await shown.press(*"wrong", "enter")
        await shown.until(lambda: bool(shown.app.screen.query("#yes")))
        assert "1 instances" in shown.screen_text()
        await shown.press("y")
        await shown.until(lambda: isinstance(shown.app.screen, Instances))
        audit = AuditLog(tmp_path)
        entries = audit.page(AuditQuery(verb="terminate")).entries
        assert [(one.user, one.via, one.target, one.reason, one.result) for one in entries] == [
            ("eve", "terminal", "order-1", "wrong", "done"),
            ("eve", "terminal", "order-1", "wrong", "tried"),
        ]


@pytest.mark.slow
async def test_nothing_can_be_done_where_actions_are_not_allowed(
    watched: tuple[SqliteStorage, WatchedHubs], tmp_path: Path
) -> None:
    storage, monitor = watched
    await filled(storage, monitor, "order-1")
    async with terminal(monitor, tmp_path, actions=False) as shown:
        await shown.press("enter", "a")
        await shown.until(lambda: "only reads" in shown.screen_text())


@pytest.mark.slow
async def test_payloads_are_hidden_without_the_right_to_them(
    watched: tuple[SqliteStorage, WatchedHubs], tmp_path: Path
) -> None:
    storage, monitor = watched
    await filled(storage, monitor, "order-1")
    async with terminal(monitor, tmp_path, payloads=False) as shown:
        await shown.press("enter", "enter", "5")
        assert "apples" not in shown.text("#payloads-text")
        assert "hidden" in shown.text("#payloads-text")


@pytest.mark.slow
async def test_stuck_partitions_jobs_and_help_have_screens(
    watched: tuple[SqliteStorage, WatchedHubs], tmp_path: Path
) -> None:
    storage, monitor = watched
    await filled(storage, monitor, "order-1")
    async with terminal(monitor, tmp_path) as shown:
        for key, screen in (("s", Stuck), ("p", Partitions), ("j", Jobs)):
            await shown.press(key)
            assert isinstance(shown.page, screen)
            assert shown.text("#problem") == ""
            await shown.press("q")
        await shown.press("question_mark")
        assert isinstance(shown.app.screen, Help)
        assert "status:Running" in shown.screen_text()


@pytest.mark.slow
async def test_a_hub_that_is_deleted_while_it_is_shown_says_so_and_stays_readable(
    watched: tuple[SqliteStorage, WatchedHubs], tmp_path: Path
) -> None:
    storage, monitor = watched
    await filled(storage, monitor, "order-1")
    async with terminal(monitor, tmp_path) as shown:
        await shown.press("enter", "enter")
        store = storage.store(HUB)
        await store.open(create=False)
        await store.delete()
        await shown.press("r")
        await shown.until(lambda: "not found" in shown.text("#problem").lower())
        assert '"apples"' in shown.text("#payloads-text")  # what was read stays
        await shown.press("q", "r")
        await shown.until(lambda: "† gone" in shown.text("#standing"))
        await shown.press("q")
        await shown.until(lambda: "† gone" in shown.rows()[0][1])
