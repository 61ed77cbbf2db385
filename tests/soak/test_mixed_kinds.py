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
WITHIN = 1500.0  # seconds, for those of one test
TOTAL, LOT = 10_000, 2_000

FEW = range(20 * KINDS)
LOTS = [
    pytest.param(
        range(first, first + LOT),
        id=f"{first}-{first + LOT - 1}",
        marks=[pytest.mark.soak, pytest.mark.timeout(3 * WITHIN)],
    )
    for first in range(0, TOTAL, LOT)
]
"""Each on storage of its own: an Azurite answers the later the more rows it has."""


@pytest.mark.feature("orchestrations of mixed kinds, by the hundred", sdk="python", store="classic")
@pytest.mark.feature("orchestrations of mixed kinds, by the hundred", sdk="python", store="sqlite")
@pytest.mark.parametrize("numbers", [FEW, *LOTS])
def test_they_end_alike_on_both_stores(
    numbers: range, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    results = {store: _play(store, numbers, request, tmp_path) for store in ("sqlite", "classic")}

    assert results["sqlite"] == results["classic"]
    statuses = Counter(status for status, *_ in results["sqlite"].values())
    assert statuses.keys() == {"COMPLETED", "FAILED", "TERMINATED", "entity"}
    share = pytest.approx(len(numbers) / KINDS, abs=1)
    assert (statuses["FAILED"], statuses["TERMINATED"]) == (share, share)
    accounts = [output for status, output, _ in results["sqlite"].values() if status == "entity"]
    assert sum(int(output or 0) for output in accounts) == 0


def _play(
    store: str, numbers: range, request: pytest.FixtureRequest, folder: Path
) -> dict[str, Result]:
    hub_name, state = new_hub("Soak"), folder / store
    state.mkdir()
    with server_on(store, request, state, hub_name) as server:
        hub = PythonHub(server.ready.endpoint, hub_name)
        with hub.client, python_worker(hub.endpoint, hub_name):
            began = time.monotonic()
            results = play(hub, numbers, WITHIN)
            taken = time.monotonic() - began
    number = len(numbers)
    sys.stderr.write(f"{number} instances on {store}: {taken:.0f} s, {number / taken:.0f}/s\n")
    return results
