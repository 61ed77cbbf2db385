"""Planning takes no more memory for many trees than for few."""

import tracemalloc
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import pytest

from durahub.stored import StoredInstance
from durahub_migrate.bundle import framing
from durahub_migrate.contents import frames
from durahub_migrate.contents.indexed import open_content
from durahub_migrate.moving.capabilities import UNPROBED_ENDPOINT
from durahub_migrate.moving.plan import PlanHead
from durahub_migrate.moving.settings import MoveSettings
from durahub_migrate.planning.plan_file import write
from durahub_migrate.planning.planning import Planner
from durahub_migrate.planning.request import Request
from durahub_migrate.planning.telling import told
from tests.planning.planned import activity, bundled, running, timer

MANY, FEW = 20_000, 1_000
ROOM = (
    frames.KEPT * framing.FRAME + 1024 * 1024
)  # bytes; a few frames are kept, a small bundle has one


def trees(count: int) -> Iterator[StoredInstance]:
    for number in range(count):
        yield running(activity(), timer(number=1), root=f"order-{number:06}")


def peak(folder: Path, count: int) -> int:
    """Plan so many trees, and tell the plan; return the most bytes that were taken meanwhile."""
    bundle = folder / f"{count}.hub"
    bundled(bundle, trees(count))
    open_content(bundle).close()  # makes its index
    with open_content(bundle) as content:
        request = Request(capabilities=UNPROBED_ENDPOINT)
        head = PlanHead(
            tool="durahub test",
            bundle=bundle.name,
            bundle_root=content.manifest.root,
            frozen=True,
            source="classic hub orders",
            target="dts:http://localhost:8080/orders",
            capabilities=request.capabilities,
            settings=MoveSettings(),
        )
        tracemalloc.start()
        try:
            found = told(write(folder / f"{count}.plan", head, Planner(content, request))).found
            most = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
    assert found.groups["b2"].units == count
    return most


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_memory_does_not_grow_with_the_number_of_trees(tmp_path: Path) -> None:
    # In a process of its own: threads that other tests have left would be measured with it.
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as alone:
        few = alone.submit(peak, tmp_path, FEW).result()
        many = alone.submit(peak, tmp_path, MANY).result()

    print(f"{FEW:,} trees: {few:,} bytes; {MANY:,} trees: {many:,} bytes")
    assert many < few + ROOM
