"""An entity that a job has seeded and takes back is not at the target any more."""

from pathlib import Path

import pytest

from durahub.errors import ReplayStuck
from durahub_migrate.moving.mover import Outcome
from durahub_migrate.targets.ghost.mover import GhostMover
from tests.endpoint.endpoints import KINDS, client_of, endpoint
from tests.planning.planned import content_of, entity
from tests.targets.ghost.plays import move, units_of
from tests.targets.ghost.sent import numbered
from tests.targets.ledgers import MemoryLedger

SEEDED = "@counter@a"
OTHER = "@other@b"


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("has_other", [False, True])
async def test_a_seeded_entity_is_taken_back(kind: str, has_other: bool, tmp_path: Path) -> None:
    given = [entity('{"exists":true,"state":"7"}', SEEDED)]
    with content_of(tmp_path / "bundle", given) as content:
        (unit,) = units_of(content)
        async with endpoint(kind) as address, client_of(address) as client:
            if has_other:  # of somebody else, with an operation that waits
                await client.signal_entity(OTHER, "add", "1", request_id="1" * 32)
            before = await client.get_entity(OTHER)
            ledger = MemoryLedger()
            mover = GhostMover(client, numbered(kind), patience=10.0)
            await move(mover, content, [unit], {unit.root_id: ledger})
            there = await client.get_entity(SEEDED)
            assert there is not None
            assert there.serializedState.value == "7"

            moved = await mover.withdraw(unit, content, ledger)
            await mover.hand_over()

            assert moved.outcome is Outcome.DONE
            assert await client.get_entity(SEEDED) is None
            assert await client.get_entity(OTHER) == before


async def test_a_unit_that_stands_still_fails_alone(tmp_path: Path) -> None:
    with content_of(
        tmp_path / "bundle", [entity('{"exists":true,"state":"7"}', SEEDED)]
    ) as content:
        (unit,) = units_of(content)
        async with endpoint("own") as address, client_of(address) as client:
            ledger = MemoryLedger()
            mover = GhostMover(client, numbered("own"), patience=10.0)
            await move(mover, content, [unit], {unit.root_id: ledger})
            hasty = GhostMover(client, numbered("own"), patience=0.0)

            moved = await hasty.withdraw(unit, content, ledger)
            await hasty.hand_over()

            assert moved.outcome is Outcome.FAILED
            assert moved.code == ReplayStuck.code
