"""The page in a real browser: it is laid out, and its policy stops nothing that it needs."""

import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import anyio
import pytest

from durahub_migrate.assessment.writing import write_report
from tests.golden.recorded import HUBS
from tests.lint.assessment.recorded_hubs import assessed, facts_of

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium"),
]


def test_a_browser_shows_the_page_and_refuses_nothing(tmp_path: Path) -> None:
    with ThreadPoolExecutor(1) as thread:  # another test's browser may have the loop of this one
        thread.submit(anyio.run, _shown, tmp_path).result()


async def _shown(tmp_path: Path) -> None:
    page = tmp_path / "out.html"
    facts = await facts_of(next(hub for hub in HUBS if hub.name == "functions"))
    write_report(page, await assessed(facts))

    assert CHROMIUM is not None
    shown = await anyio.run_process(
        [
            CHROMIUM,
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--enable-logging=stderr",
            f"--user-data-dir={tmp_path / 'profile'}",
            f"--screenshot={tmp_path / 'out.png'}",
            page.as_uri(),
        ],
    )

    assert "Content Security Policy" not in shown.stderr.decode()
    assert (
        tmp_path / "out.png"
    ).stat().st_size > 20_000  # bytes: a page without its style has less
