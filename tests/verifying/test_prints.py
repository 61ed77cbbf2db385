"""What is kept of an instance while the other side is read."""

import pytest

from durahub_migrate.verifying.open_work import OpenWork
from durahub_migrate.verifying.prints import Print, print_of
from tests.bundle.bundles import NOON, an_instance

WAITS = '{"op":"add","signal":true,"id":"cb857825-8a14-4380-9672-0d59cc9711c6","input":"1"}'


def printed(instance_id: str = "order-7", **given: object) -> Print:
    return print_of(an_instance(instance_id, **given), OpenWork())  # type: ignore[arg-type]


def test_an_entity_is_no_parent_of_what_it_has_started() -> None:
    assert printed(parent="@counter@a").parent == ""
    assert printed(parent="order-6").parent == "order-6"


def test_what_has_not_begun_can_be_compared_without_its_tags() -> None:
    pending = {"history": (), "status": "Pending", "output": None, "completed": None}
    tagged = printed(**pending, tags={"queued": "yes"})
    plain = printed(**pending)

    assert tagged.untagged == plain.untagged != b""
    assert tagged.shown != plain.shown
    assert (tagged.has_tags, plain.has_tags) == (True, False)
    assert printed().untagged == b""  # its history tells them


def test_an_endpoint_may_not_show_when_a_start_is_due() -> None:
    pending = {"history": (), "status": "Pending", "output": None, "completed": None}
    due, plain = printed(**pending, scheduled_start=NOON), printed(**pending)

    assert due.shown == plain.shown
    assert due.semantic != plain.semantic
    assert (due.due, plain.due) == (NOON, 0)


@pytest.mark.parametrize(
    ("holds", "is_empty"),
    [
        ('{"lockedBy":"order-7","sorter":{}}', True),
        ('{"state":"1","sorter":{}}', False),
        (f'{{"queue":[{WAITS}],"sorter":{{}}}}', False),
    ],
)
def test_an_entity_is_empty_that_has_no_state_and_at_which_nothing_waits(
    holds: str, is_empty: bool
) -> None:
    assert printed("@counter@a", history=(), status="Running", input=holds).is_empty is is_empty
