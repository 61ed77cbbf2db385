"""A plan that is carried out is the one that was checked."""

import os
from pathlib import Path

import pytest

from durahub.errors import BadPlan
from durahub_migrate.applying.plan_file import OpenPlan
from durahub_migrate.applying.states import UnitState
from durahub_migrate.applying.unit_rows import Entry
from tests.applying.moves import a_move


def entries(plan: OpenPlan) -> list[Entry]:
    return [
        Entry(
            number=number,
            root_id=unit.root_id,
            state=UnitState.PLANNED,
            was="",
            place=place,
            size=size,
            members=unit.members,
            tries=0,
        )
        for number, (unit, place, size) in enumerate(plan.units(), 1)
    ]


def test_a_plan_that_is_edited_in_its_place_is_refused(tmp_path: Path) -> None:
    file = a_move(tmp_path).plan
    with OpenPlan(file) as plan:
        [first, *_] = entries(plan)
        assert plan.unit_of(first).root_id == first.root_id

        changed = file.read_bytes().replace(b'"strategy":"a"', b'"strategy":"d"')
        with file.open("r+b") as edited:
            edited.write(changed)
        at = file.stat().st_mtime_ns + 10**9  # clocks of file systems may be coarse
        os.utime(file, ns=(at, at))

        with pytest.raises(BadPlan, match="was written while it is carried out"):
            plan.unit_of(first)


def test_another_plan_in_its_place_is_no_matter(tmp_path: Path) -> None:
    file = a_move(tmp_path).plan
    with OpenPlan(file) as plan:
        [first, *_] = entries(plan)
        other = tmp_path / "other.plan"
        other.write_bytes(b"no plan at all")
        other.replace(file)
        assert plan.unit_of(first).root_id == first.root_id
