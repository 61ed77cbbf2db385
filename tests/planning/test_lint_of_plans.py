"""A plan is a source of ``durahub lint``, with the bundle that it is of."""

import asyncio
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

from durahub.errors import BadPlan
from durahub_migrate.cli.plan import plan
from durahub_migrate.lint.facts.plans import UnitFacts
from durahub_migrate.lint.finding import Finding
from durahub_migrate.lint.judging import judge
from durahub_migrate.lint.rule import EXAMPLE_TIME
from durahub_migrate.lint.rules import pln
from durahub_migrate.lint.sources.opening import source_of
from durahub_migrate.lint.sources.plan import PlanSource
from durahub_migrate.lint.target import Given
from tests.planning.planned import activity, bundled, child, entity, pending, running, timer

LOCKED = '{"exists":true,"state":"7","lockedBy":"order-7:1"}'
INSTANCES = [
    entity(LOCKED),
    running(child()),
    running(timer(), root="order-7:1", parent="order-7"),
    running(activity(), root="order-8"),
]


@pytest.fixture
def made(tmp_path: Path) -> Path:
    """Return a plan of a small hub."""
    bundled(tmp_path / "orders.hub", INSTANCES)
    return planned(tmp_path)


def planned(folder: Path, *options: str) -> Path:
    arguments = [str(folder / "orders.hub"), "dts:localhost:8080/orders", *options]
    done = CliRunner().invoke(plan, arguments)
    assert done.exit_code in (0, 1), done.output
    return folder / "orders.plan"


def facts_of(path: Path) -> list[object]:
    async def read() -> list[object]:
        source = source_of(str(path))
        assert isinstance(source, PlanSource)
        return [one.fact async for one in source.facts()]

    return asyncio.run(read())


def found_in(path: Path) -> dict[str, list[Finding]]:
    found: dict[str, list[Finding]] = {}
    for one in judge(pln.RULES, facts_of(path), Given(now=EXAMPLE_TIME)):
        found.setdefault(one.code, []).append(one)
    return found


def test_a_good_plan_says_what_it_costs_and_no_more(made: Path) -> None:
    assert found_in(made).keys() == {"PLN010"}


def test_units_are_held_against_their_trees(made: Path) -> None:
    units = [one for one in facts_of(made) if isinstance(one, UnitFacts)]

    assert [(one.unit.root_id, one.members) for one in units] == [
        ("@counter@a", 1),
        ("order-7", 2),
        ("order-8", 1),
    ]
    assert units[0].locked_by == "order-7"  # the root of its holder


def test_trees_that_are_left_out_do_not_get_into_the_way(tmp_path: Path) -> None:
    bundled(tmp_path / "orders.hub", INSTANCES)

    found = found_in(planned(tmp_path, "--skip", "order-7"))

    assert {one.place.key for one in found["PLN001"]} == {"@counter@a"}  # it is blocked
    assert "PLN002" not in found


def test_a_bundle_that_is_gone_damaged_or_another_one_is_found(made: Path) -> None:
    bundle = made.parent / "orders.hub"
    segment = next(bundle.glob("segments/instances-*"))

    segment.write_bytes(segment.read_bytes()[:-1])
    damaged = found_in(made)["PLN009"]
    shutil.rmtree(bundle)
    gone = found_in(made)["PLN009"]
    bundled(bundle, [pending()])
    another = found_in(made)["PLN009"]

    assert "instances-00000.pb.zst" in damaged[0].detail
    assert "manifest.json" in gone[0].detail
    assert "another one" in another[0].detail


def test_a_preview_is_found(tmp_path: Path) -> None:
    bundled(tmp_path / "orders.hub", INSTANCES, frozen=False)

    assert "PLN006" in found_in(planned(tmp_path))


def test_a_plan_that_was_changed_is_refused(made: Path) -> None:
    made.write_bytes(made.read_bytes().replace(b"order-8", b"order-9"))

    with pytest.raises(BadPlan):
        facts_of(made)
