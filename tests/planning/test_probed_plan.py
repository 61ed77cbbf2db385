"""``durahub plan --probe`` at the backend of the SDK's package."""

import asyncio
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from durahub_migrate.cli.plan import plan
from durahub_migrate.moving.place import EndpointAddress
from durahub_migrate.planning.plan_file import PlanFile
from tests.endpoint.endpoints import foreign_endpoint
from tests.planning.planned import bundled, running, timer

pytestmark = pytest.mark.slow  # all probes, each with its waiting


@pytest.fixture
def foreign() -> Iterator[EndpointAddress]:
    """Return an endpoint that lives on a loop of its own, as the command has one."""
    found: list[EndpointAddress] = []
    is_there, stop = threading.Event(), threading.Event()

    async def serve() -> None:
        async with foreign_endpoint() as address:
            found.append(address)
            is_there.set()
            await asyncio.to_thread(stop.wait)

    thread = threading.Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    assert is_there.wait(30)
    yield found[0]
    stop.set()
    thread.join()


def test_what_a_probe_sees_is_planned_with_and_kept(
    foreign: EndpointAddress, tmp_path: Path
) -> None:
    bundled(tmp_path / "orders.hub", [running(timer())])
    kept = tmp_path / "target.json"
    arguments = [str(tmp_path / "orders.hub"), str(foreign), "--capabilities", str(kept)]

    probed = CliRunner().invoke(plan, [*arguments, "--probe"])
    first = PlanFile(tmp_path / "orders.plan")
    again = CliRunner().invoke(plan, [*arguments, "--prefer", "b3"])
    second = PlanFile(tmp_path / "orders.plan")

    assert (probed.exit_code, again.exit_code) == (0, 0), probed.output + again.output
    assert "P4, ghost replay" in probed.stderr
    assert first.head.capabilities.probed
    assert second.head.capabilities == first.head.capabilities
    assert [unit.strategy.value for unit in second.units()] == ["b3"]
