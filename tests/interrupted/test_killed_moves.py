"""A move that is killed at any moment, and gone on with, ends as one that nobody has disturbed."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import STORE, Storage
from tests.interrupted.shop import ROOT

pytestmark = [
    pytest.mark.fault,
    pytest.mark.skipif(not hasattr(os, "fork"), reason="its runs are forked"),
]


def runs(folder: Path, kind: str, what: str, count: int, **env: str) -> list[dict[str, Any]]:
    """Return an undisturbed run, and *count* of them that were killed."""
    done = subprocess.run(
        [
            *(sys.executable, "-m", "tests.interrupted.killed_move", str(folder), kind, what),
            *("0", str(count + 1)),
        ],
        cwd=ROOT,
        env={**os.environ, **env},
        capture_output=True,
        text=True,
        timeout=380,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def check(found: list[dict[str, Any]], count: int) -> None:
    undisturbed, *disturbed = found
    assert undisturbed["killed"] == 0
    assert len(disturbed) == count
    for one in disturbed:
        assert one["killed"] >= 1, one["number"]
        assert one["held"] == undisturbed["held"], one["number"]


def test_a_hub_in_a_file_holds_all_and_nothing_twice(shop_folder: Path) -> None:
    check(runs(shop_folder, "file", "apply", 80), 80)


def test_an_abort_that_is_killed_leaves_nothing_in_a_file(shop_folder: Path) -> None:
    found = runs(shop_folder, "file", "abort", 40)

    check(found, 40)
    assert found[0]["held"] == {"instances": {}, "messages": {}}


def test_a_resync_that_is_killed_is_ended_by_apply(shop_folder: Path) -> None:
    check(runs(shop_folder, "file", "resync", 40), 40)


@pytest.mark.azurite
@pytest.mark.parametrize("what", ["apply", "abort"])
def test_a_hub_in_azure_storage_holds_all_and_nothing_twice(
    what: str, shop_folder: Path, azurite: Storage
) -> None:
    check(runs(shop_folder, "classic", what, 8, **{STORE: azurite.connection_string}), 8)


@pytest.mark.azurite
def test_a_resync_doubles_no_message_that_was_handed_over_in_azure_storage(
    shop_folder: Path, azurite: Storage
) -> None:
    storage = {STORE: azurite.connection_string}
    (applied,) = runs(shop_folder, "classic", "apply", 0, **storage)
    found = runs(shop_folder, "classic", "resync", 4, **storage)

    check(found, 4)
    assert found[0]["held"] == applied["held"]


def test_an_endpoint_holds_every_instance_and_every_activity_once(shop_folder: Path) -> None:
    undisturbed, *disturbed = runs(shop_folder, "own", "apply", 3)

    assert len(disturbed) == 3
    for one in disturbed:
        assert one["killed"] >= 1, one["number"]
        assert one["held"]["instances"] == undisturbed["held"]["instances"], one["number"]
        assert activities(one) == activities(undisturbed), one["number"]


def activities(run: dict[str, Any]) -> dict[str, int]:
    messages: dict[str, int] = run["held"]["messages"]
    return {what: count for what, count in messages.items() if " TaskScheduled " in what}
