"""What the browser gets."""

import gzip
import re
from pathlib import Path

from tests.ui.front_end import UI, builder, first_load, manifest_of

MOST = 120 * 1024


def test_what_the_first_page_loads_is_small(built: Path) -> None:
    files = first_load(manifest_of((built / "manifest.json").read_bytes()))
    assert {Path(one).suffix for one in files} == {".js", ".css"}
    assert sum(len(gzip.compress((built / one).read_bytes())) for one in files) < MOST


def test_nothing_is_loaded_from_elsewhere(built: Path) -> None:
    for one in (*built.rglob("*.html"), *built.rglob("*.css"), *built.rglob("*.js")):
        text = one.read_text(encoding="utf-8")
        named = re.findall(
            r"(?:src|href|url|import|from)\s*[=(]?\s*[\"'(]?(?:https?:)?//[^\s\"')]+", text
        )
        assert named == [], one.name


def test_addresses_of_assets_are_relative_and_have_a_digest_in_their_name(built: Path) -> None:
    page = (built / "index.html").read_text(encoding="utf-8")
    assert re.search(r'<base href="/"\s*/?>', page)
    assets = re.findall(r'(?:src|href)="(\./[^"]+)"', page)
    assert len(assets) >= 3
    assert all(re.fullmatch(r"\./assets/[\w.-]+-[\w-]{8}\.\w+", one) for one in assets)
    assert page.index("<base") < page.index(assets[0])
    assert not re.search(r"<script(?![^>]*\ssrc=)|<style|\sstyle=", page)


def test_a_change_of_a_source_is_noticed(tmp_path: Path) -> None:
    ui = builder()
    for name in ui.SOURCES:
        (tmp_path / name).write_text(name)
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "App.svelte").write_text("one\n")
    before = ui.digest(tmp_path)
    (tmp_path / "src" / "App.svelte").write_bytes(b"one\r\n")
    (tmp_path / "src" / "App.test.ts").write_text("a test is not built")
    assert ui.digest(tmp_path) == before
    (tmp_path / "src" / "App.svelte").write_text("two\n")
    assert ui.digest(tmp_path) != before


def test_a_folder_without_a_stamp_is_not_current(tmp_path: Path) -> None:
    assert not builder().is_current(UI, tmp_path)


def test_node_is_as_new_as_vite_asks_for() -> None:
    versions = ("18.20.4", "20.18.9", "20.19.0", "21.7.1", "22.11.0", "22.12.0", "24.1.0", "what")
    enough = [one for one in versions if builder().is_new_enough(one)]
    assert enough == ["20.19.0", "22.12.0", "24.1.0"]
