"""Orchestrations of mixed kinds end on both stores with the same results."""

import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from tests.sdk.python_hub import PythonHub, python_worker
from tests.sdk.two_stores import new_hub, server_on
from tests.soak.mixed_kinds import ENTITIES, ORCHESTRATIONS, Result, play

pytestmark = [pytest.mark.sdk, pytest.mark.azurite]

KINDS = len(ORCHESTRATIONS) + len(ENTITIES)
WITHIN = 3000.0  # seconds, for all of them


@pytest.mark.feature("orchestrations of mixed kinds, by the hundred", sdk="python", store="classic")
@pytest.mark.feature("orchestrations of mixed kinds, by the hundred", sdk="python", store="sqlite")
@pytest.mark.parametrize(
    "size",
    [
        20 * KINDS,
        pytest.param(10_000, marks=[pytest.mark.soak, pytest.mark.timeout(3 * WITHIN)]),
    ],
)
def test_they_end_alike_on_both_stores(
    size: int, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    results = {store: _play(store, size, request, tmp_path) for store in ("sqlite", "classic")}

    assert results["sqlite"] == results["classic"]
    statuses = Counter(status for status, *_ in results["sqlite"].values())
    assert statuses.keys() == {"COMPLETED", "FAILED", "TERMINATED", "entity"}
    assert statuses["FAILED"] == statuses["TERMINATED"] == pytest.approx(size / KINDS, abs=1)
    accounts = [output for status, output, _ in results["sqlite"].values() if status == "entity"]
    assert sum(int(output or 0) for output in accounts) == 0


def _play(store: str, size: int, request: pytest.FixtureRequest, folder: Path) -> dict[str, Result]:
    hub_name, state = new_hub("Soak"), folder / store
    state.mkdir()
    with server_on(store, request, state, hub_name) as server:
        hub = PythonHub(server.ready.endpoint, hub_name)
        with hub.client, python_worker(hub.endpoint, hub_name):
            began = time.monotonic()
            results = play(hub, size, WITHIN)
            taken = time.monotonic() - began
    sys.stderr.write(f"{size} instances on {store}: {taken:.0f} s, {size / taken:.0f}/s\n")
    return results
