"""What ``durahub monitor`` costs as a whole: its process over a hub in a file, its pages in Chromium.

Counts, bytes and memory are what they are on any machine; times are to be compared within a run alone.
"""

import gzip
import json
import shutil
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import quantiles
from tempfile import TemporaryDirectory
from typing import Any

import httpx

from benchmarks.contestants import Contestant
from benchmarks.moved_hub import WHOLE, fill_here
from benchmarks.processes import cost_of
from durahub.local.child import Child
from durahub_migrate.web.files import front_end

HUB = "Large"
KEY = "Large@hub"
COMMAND = (sys.executable, "-c", "from durahub_migrate.cli.monitor import monitor; monitor()")
WITHIN = 600.0  # seconds for the first sweep
PAGE = 100  # rows
TIMES = 21
STEPS = 200  # of the wheel
SCREENS = {
    "hubs": "",
    "list": f"instances?hub={KEY}",
    "hub": f"hubs/{KEY}",
    "partitions": f"hubs/{KEY}/partitions",
    "storage": f"hubs/{KEY}/storage",
    "stuck": "stuck",
}
FRAMES = """() => {
  const seen = window.seen = {frames: [], long: []}
  new PerformanceObserver(list => seen.long.push(...list.getEntries().map(one => one.duration)))
    .observe({type: 'longtask'})
  let last = performance.now()
  const next = now => { seen.frames.push(now - last); last = now; requestAnimationFrame(next) }
  requestAnimationFrame(next)
}"""


@dataclass(frozen=True)
class Screen:
    """What opening a page took: requests to the API, bytes of them, seconds of the server's CPU."""

    name: str
    requests: int
    size: int
    cpu: float
    elements: int


@dataclass(frozen=True)
class MonitorServed:
    """What a monitor of so many instances takes. Bytes, MiB, milliseconds."""

    contestant: str
    instances: int
    swept: float  # seconds of CPU until everything is in the index
    memory: float
    peak: float
    pages: dict[str, list[float]]  # by place: milliseconds of each answer
    screens: list[dict[str, Any]]  # of `Screen`
    scroll: dict[str, float]
    bundle: dict[str, int]  # gzipped: what is loaded first, everything
    wrong: list[str] = field(default_factory=list)


def monitor_served(contestant: Contestant, instances: int) -> MonitorServed:
    """Fill a hub, let it be watched, ask for pages, and look at it with a browser if there is one."""
    with TemporaryDirectory(prefix="durahub-benchmark-") as name:
        folder = Path(name)
        filled = fill_here(folder / "hub.db", HUB, instances, WHOLE)
        with _watched(folder) as (child, url), httpx.Client(base_url=url, timeout=60) as http:
            rows = _swept(http)
            swept = cost_of(child.pid)
            pages = {place: _times(http, path) for place, path in _places(rows).items()}
            screens, scroll = _looked_at(url, child.pid)
            cost = cost_of(child.pid)
            wrong = [] if rows == filled.instances else [f"{rows} rows, not {filled.instances}"]
    if scroll.get("elements", 0) > 3000:
        wrong.append(f"{scroll['elements']:.0f} elements in a page of a list")
    return MonitorServed(
        contestant.name,
        rows,
        swept.cpu if swept else 0.0,
        cost.memory if cost else 0.0,
        cost.peak_memory if cost else 0.0,
        pages,
        [asdict(one) for one in screens],
        scroll,
        _bundle(),
        wrong,
    )


@contextmanager
def _watched(folder: Path) -> Iterator[tuple[Child, str]]:
    own = ("--port", "0", "--data", str(folder / "data"), "--format", "json")
    child = Child([*COMMAND, f"sqlite:{folder / 'hub.db'}", *own], env={})
    try:
        url = child.wait_for(_url, WITHIN)
        if url is None:
            raise RuntimeError(child.tail())
        yield child, url
    finally:
        child.kill()


def _url(line: str) -> str | None:
    return str(json.loads(line)["url"]) if line.startswith("{") else None


def _swept(http: httpx.Client) -> int:
    """Return how many rows there are when all have been read."""
    until = time.monotonic() + WITHIN
    while time.monotonic() < until:
        hubs = http.get("api/hubs").json()
        if hubs and hubs[0]["freshness"]["complete"] is not None:
            return int(hubs[0]["freshness"]["rows"])
        time.sleep(0.2)  # asking costs the process that is measured
    raise TimeoutError("the first sweep has not ended")


def _places(rows: int) -> dict[str, tuple[str, int]]:
    """Return places in the list: what is asked for, and behind how many rows."""
    return {"first": ("id", 0), "middle": ("id", rows // 2), "last": ("id", rows - PAGE)}


def _times(http: httpx.Client, place: tuple[str, int]) -> list[float]:
    sort, behind = place
    asked: dict[str, Any] = {"sort": sort, "count": PAGE}
    while behind > 0:  # a cursor is only known to who has come there
        count = min(1000, behind)
        asked["after"] = _page(http, {**asked, "count": count})["after"]
        behind -= count
    times = []
    for _ in range(TIMES):
        started = time.perf_counter()
        _page(http, asked)
        times.append((time.perf_counter() - started) * 1000)
    return times


def _page(http: httpx.Client, asked: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = http.get("api/instances", params=asked).raise_for_status().json()
    return found


def _looked_at(url: str, pid: int) -> tuple[list[Screen], dict[str, float]]:
    """Open every screen, and scroll through the list; nothing where there is no browser."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        return [], {}
    from playwright.sync_api import sync_playwright  # only needed where there is a browser

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1280, "height": 800})
        screens = [_opened(page, url, name, path, pid) for name, path in SCREENS.items()]
        page.goto(f"{url}instances?hub={KEY}")
        page.get_by_role("grid", name="Instances").locator("a").first.wait_for()
        scroll = _scrolled(page)
        browser.close()
    return screens, scroll


def _opened(page: Any, url: str, name: str, path: str, pid: int) -> Screen:
    sizes: list[int] = []

    def answered(request: Any) -> None:
        if "/api/" in request.url and "api/events" not in request.url:
            sizes.append(request.sizes()["responseBodySize"])

    before = cost_of(pid)
    page.on("requestfinished", answered)
    page.goto(url + path)
    page.get_by_role("heading", level=1).wait_for()
    page.wait_for_timeout(1500)  # what the page asks for by itself is there by then
    page.remove_listener("requestfinished", answered)
    after = cost_of(pid)
    cpu = after.cpu - before.cpu if after and before else 0.0
    elements = page.evaluate("() => document.querySelectorAll('*').length")
    return Screen(name, len(sizes), sum(sizes), cpu, elements)


def _scrolled(page: Any) -> dict[str, float]:
    page.evaluate(FRAMES)
    page.get_by_role("grid", name="Instances").hover()
    most = 0
    for step in range(STEPS):
        page.mouse.wheel(0, 600)
        if step % 20 == 0:
            most = max(most, page.evaluate("() => document.querySelectorAll('*').length"))
    page.wait_for_timeout(500)  # the last frames
    seen = page.evaluate("() => window.seen")
    frames = seen["frames"]
    cuts = quantiles(frames, n=100, method="inclusive")
    return {
        "steps": STEPS,
        "frames": len(frames),
        "p50": cuts[49],
        "p95": cuts[94],
        "longest": max(frames),
        "long tasks": sum(one > 100 for one in seen["long"]),
        "elements": most,
    }


def _bundle() -> dict[str, int]:
    """Return gzipped bytes of the front end: of what index.html names, and all."""
    top = front_end()
    if not (top / "index.html").is_file():
        return {}
    html = (top / "index.html").read_text("utf-8")
    sizes = {
        one.name: len(gzip.compress(one.read_bytes(), 9))
        for one in (top / "assets").iterdir()
        if one.suffix in (".js", ".css")
    }
    first = sum(size for name, size in sizes.items() if name in html)
    return {"first": first, "all": sum(sizes.values())}
