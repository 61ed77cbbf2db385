"""Bad input and bad days: the page stays usable, runs nothing of what it shows, and says what is missing."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

import pytest
from playwright.sync_api import Browser, Page, expect

from durahub.local.azurite import running_azurite
from durahub.storage import SqliteStorage, StorageOptions, open_storage
from tests.browser.faulty import BUSY, DENIED, Faulty, faulty
from tests.browser.monitor_process import MonitorProcess, monitor_of
from tests.browser.strange import IDS, IMAGE, LARGE, SCRIPT, apart, fill
from tests.golden.loading import load
from tests.golden.recorded import RecordedHub

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]

SOON = (
    100_000  # milliseconds: storage may take 15 s not to answer, the page some more to hear of it
)
WATCH = """
addEventListener('securitypolicyviolation', (event) => console.error('refused', event.blockedURI))
"""
READER = "reader-0123456789abcdefghij"
GRANTED = """
[[monitor.login.tokens]]
name = "reader"
token = "env:READER"

[[monitor.grants]]
tokens = ["reader"]
hubs = ["{hub}"]
allows = ["read", "payloads"]
"""


@dataclass
class Days:
    """What is watched: hubs of an account that fails when told so, and one in a *file*."""

    monitor: MonitorProcess
    account: Faulty
    azurite: str
    file: Path
    folder: Path
    env: dict[str, str]

    def hub(self, name: str) -> str:
        """Return the address of a hub's page."""
        return f"{self.monitor.url}hubs/{name}@local"

    def strange(self, instance_id: str) -> str:
        """Return the address of an instance in the file."""
        return f"{self.monitor.url}hubs/Strange@strange/instances/{quote(instance_id, safe='')}"


@pytest.fixture(scope="module")
def days(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Days]:
    folder = tmp_path_factory.mktemp("days")
    file = folder / "strange.db"
    apart(fill(file, "Strange"))
    with running_azurite(say=lambda _: None) as azurite, faulty(azurite) as account:
        for name in ("Shop", "Doomed"):
            apart(load(RecordedHub("waiting"), azurite.connection_string, name))
        env = {"STORE": account.connection_string, "DURAHUB_STATE_DIR": str(folder)}
        sources = ["env:STORE", f"sqlite:{file}"]
        with monitor_of(sources, env, folder / "data", "--allow-actions") as monitor:
            keys = monitor.look("Shop", "Doomed", "Strange")
            assert keys == {
                "Shop": "Shop@local",
                "Doomed": "Doomed@local",
                "Strange": "Strange@strange",
            }
            yield Days(monitor, account, azurite.connection_string, file, folder, env)


@dataclass
class Complaints:
    """What ran though it should not, and what the browser complains about."""

    found: list[str] = field(default_factory=list)

    def watch(self, page: Page) -> None:
        def opened(dialog) -> None:  # type: ignore[no-untyped-def]
            self.found.append(f"dialog: {dialog.message}")
            dialog.dismiss()

        page.on("dialog", opened)
        page.on("pageerror", self._failed)
        page.on("console", self._said)
        page.add_init_script(WATCH)

    def _failed(self, error) -> None:  # type: ignore[no-untyped-def]
        # A part of the page that was about to be fetched when the monitor was killed, as the tests do.
        if not str(error).startswith("Unable to preload CSS"):
            self.found.append(f"error: {error}")

    def _said(self, message) -> None:  # type: ignore[no-untyped-def]
        loading = message.text.startswith("Failed to load resource")
        if message.type in ("error", "warning") and not loading:
            self.found.append(f"{message.type}: {message.text}")


@pytest.fixture
def complaints() -> Complaints:
    return Complaints()


@pytest.fixture
def page(chromium: Browser, days: Days, complaints: Complaints) -> Iterator[Page]:
    """A page; nothing that it showed has run, and it has no complaint."""
    days.account.is_well()
    context = chromium.new_context(
        viewport={"width": 1280, "height": 800}, accept_downloads=True, timezone_id="UTC"
    )
    page = context.new_page()
    complaints.watch(page)
    yield page
    context.close()
    days.account.is_well()
    assert complaints.found == []


def shows(page: Page, text: str) -> None:
    """Wait until the main part of the page has *text*, letter by letter."""
    page.wait_for_function(
        "text => document.querySelector('main')?.textContent.includes(text)", arg=text, timeout=SOON
    )


# -- bad input -------------------------------------------------------------------------------------


@pytest.mark.parametrize("instance_id", IDS, ids=range(len(IDS)))
def test_hostile_and_odd_texts_are_shown_as_texts(page: Page, days: Days, instance_id: str) -> None:
    page.goto(days.strange(instance_id))
    for text in (instance_id, IMAGE, SCRIPT):
        shows(page, text)
    for tab in ("History", "Sequence", "Family"):
        page.get_by_role("tab", name=tab).click()
        page.wait_for_timeout(200)  # whatever would run has run by then
    assert page.locator("main img, main script").count() == 0


def test_hostile_and_odd_ids_lead_from_the_list_to_their_instances(page: Page, days: Days) -> None:
    page.goto(f"{days.monitor.url}instances?hub=Strange%40strange&sort=id")
    grid = page.get_by_role("grid", name="Instances")
    expect(grid).to_have_attribute("aria-rowcount", str(len(IDS) + 3))
    for instance_id in IDS:
        shows(page, instance_id)
    links = page.locator("[role=grid] a").evaluate_all(
        "all => all.map(one => [one.textContent, one.href])"
    )
    by_id = {text: href for text, href in links if text in IDS}
    assert {*by_id} == {*IDS}
    for instance_id, href in by_id.items():
        page.goto(href)
        page.get_by_role("tab", name="Timeline").wait_for()
        shows(page, instance_id)


def test_payloads_of_megabytes_are_left_out_and_can_be_downloaded_whole(
    page: Page, days: Days
) -> None:
    page.goto(days.strange("megabytes"))
    value = page.get_by_role("group", name="Input").first
    expect(value.get_by_text("Not here:")).to_be_visible()
    assert page.evaluate("() => document.querySelectorAll('*').length") < 5000
    with page.expect_download() as download:
        value.get_by_role("link", name="Try to download it").click()
    assert Path(download.value.path()).read_text("utf-8") == LARGE
    page.get_by_role("tab", name="History").click()
    expect(page.get_by_text("2 events")).to_be_visible()


def test_a_malformed_query_says_what_and_where_and_leaves_the_box_usable(
    page: Page, days: Days
) -> None:
    page.goto(
        f"{days.monitor.url}instances?q={quote('status:(Failed created>yesterdayish ' + IMAGE)}"
    )
    expect(page.get_by_role("alert").first).to_contain_text("brackets")
    box = page.get_by_role("combobox", name="Query")
    box.fill("name:*")
    box.press("Enter")
    expect(page.get_by_role("grid", name="Instances")).not_to_have_attribute("aria-rowcount", "1")


def test_a_hub_that_does_not_exist_and_an_instance_that_does_not_say_so(
    page: Page, days: Days
) -> None:
    page.goto(days.hub("Nowhere"))
    shows(page, "DH201")
    shows(page, "Nowhere@local")
    page.goto(f"{days.hub('Shop')}/instances/nobody")
    shows(page, "There is no instance of this ID here")
    page.goto(f"{days.monitor.url}there/is/no/such/page")
    shows(page, "There is no such page")


# -- bad days --------------------------------------------------------------------------------------


def test_an_instance_that_is_purged_while_it_is_shown_is_told(page: Page, days: Days) -> None:
    page.goto(days.strange("doomed"))
    page.get_by_role("tab", name="Timeline").wait_for()

    async def purge() -> None:
        async with SqliteStorage(str(days.file)) as storage:
            store = storage.store("Strange")
            await store.open(create=False)
            await store.purge("doomed")

    apart(purge())
    page.get_by_role("button", name="Go to").wait_for()
    page.locator("h1").click()
    page.keyboard.press("r")
    expect(page.get_by_text("as it was").first).to_be_visible(timeout=SOON)
    shows(page, "no instance with the ID")


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ("busy", "asks to wait"),
        ("denied", "AuthorizationPermissionMismatch"),
        ("hangs", "no answer"),
    ],
)
def test_an_account_that_fails_is_told_with_how_old_everything_is(
    page: Page, days: Days, how: str, said: str
) -> None:
    page.goto(f"{days.hub('Shop')}/instances/awaits-event")
    page.get_by_role("tab", name="Timeline").wait_for()
    fail(days.account, how)
    page.locator("h1").click()
    page.keyboard.press("r")
    old = page.get_by_text(re.compile("The instance as it was .* ago"))
    expect(old).to_be_visible(timeout=SOON)
    page.goto(days.hub("Shop"))
    shows(page, said)
    shows(page, "old")  # the index: how old
    page.goto(f"{days.monitor.url}instances?hub=Shop%40local")
    expect(
        page.get_by_role("link", name="awaits-event").first
    ).to_be_visible()  # what is known stays
    expect(page.get_by_text(re.compile("index .* old"))).to_be_visible()
    page.goto(days.strange("megabytes"))  # another store is as well as before
    page.get_by_role("tab", name="Timeline").wait_for()
    days.account.is_well()
    page.goto(days.hub("Shop"))
    expect(page.get_by_text("Watched").first).to_be_visible(timeout=SOON)


def fail(account: Faulty, how: str) -> None:
    account.hangs = how == "hangs"
    account.refuses = {"busy": BUSY, "denied": DENIED}.get(how)


def test_a_hub_that_is_deleted_while_it_is_watched_is_told_and_the_rest_works(
    page: Page, days: Days
) -> None:
    page.goto(days.hub("Doomed"))
    expect(page.get_by_text("Watched").first).to_be_visible()

    async def delete() -> None:
        async with open_storage(days.azurite, StorageOptions()) as storage:
            store = storage.store("Doomed")
            await store.open(create=False)
            await store.delete()

    apart(delete())
    shows(page, "DH201")
    page.goto(f"{days.hub('Doomed')}/instances/awaits-event")
    shows(page, "DH201")
    page.goto(f"{days.hub('Shop')}/instances/awaits-event")
    page.get_by_role("tab", name="Timeline").wait_for()


def test_a_monitor_that_is_started_anew_is_found_again_by_pages_that_are_open(
    page: Page, days: Days
) -> None:
    page.goto(days.strange("megabytes"))
    expect(page.get_by_text("Live", exact=True)).to_be_visible()
    days.monitor.kill()
    expect(page.get_by_text("Connecting …")).to_be_visible(timeout=SOON)
    days.monitor.start("--allow-actions")
    expect(page.get_by_text("Live", exact=True)).to_be_visible(timeout=SOON)
    # an action carries the token of the process that is there now
    page.get_by_role("button", name="Suspend …").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name="Suspend").click()
    expect(dialog).to_be_hidden(timeout=SOON)


def test_a_reader_who_has_lost_the_grant_is_told(
    chromium: Browser, days: Days, complaints: Complaints
) -> None:
    config = days.folder / "grants.toml"
    config.write_text(GRANTED.format(hub="Strange@*"), "utf-8")
    env = {**days.env, "READER": READER}
    options = ("--config", str(config))
    context = chromium.new_context(extra_http_headers={"Authorization": f"Bearer {READER}"})
    page = context.new_page()
    complaints.watch(page)
    with monitor_of([f"sqlite:{days.file}"], env, days.folder / "granted", *options) as monitor:
        page.goto(f"{monitor.url}hubs/Strange@strange/instances/megabytes")
        page.get_by_role("tab", name="Timeline").wait_for()
        config.write_text(GRANTED.format(hub="Other@*"), "utf-8")
        monitor.kill()
        monitor.start(*options)
        page.locator("h1").click()
        page.keyboard.press("r")
        expect(page.get_by_text(re.compile("as it was .* ago")).first).to_be_visible(timeout=SOON)
        page.reload()
        shows(page, "DH")
        assert json.dumps(LARGE)[:40] not in page.content()
    context.close()
    assert complaints.found == []
