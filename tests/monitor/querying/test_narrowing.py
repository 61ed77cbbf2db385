"""What storage can filter of a query."""

from hypothesis import given

from durahub.model.ticks import parse as ticks
from durahub_migrate.monitor.query import Node, Query
from durahub_migrate.monitor.querying import Narrowed, matches, narrow, parse
from durahub_migrate.monitor.querying.folding import clean
from durahub_migrate.monitor.row import STATUSES, Row
from tests.monitor.querying.generated import NOW, nodes, rows

NOON = ticks("2026-11-22T12:00:00Z")


def narrowed(text: str) -> Narrowed:
    return narrow(parse(text, NOON))


@given(nodes, rows)
def test_no_row_is_lost_that_the_query_finds(node: Node, row: Row) -> None:
    query = Query("", node, NOW)
    found = narrow(query)

    if matches(query, row) and clean(row.instance_id) == row.instance_id:
        assert row.instance_id.startswith(found.id_prefix)
        assert found.instance_id in (None, row.instance_id)
        assert found.statuses is None or row.status in found.statuses or row.status not in STATUSES
        assert found.created_from is None or found.created_from <= (row.created or 0)
        assert found.created_before is None or (row.created or 0) < found.created_before


def test_nothing_is_narrowed_by_what_storage_cannot_filter() -> None:
    assert narrowed("name:x or -created>today") == Narrowed()


def test_statuses_come_from_all_that_is_said_of_them() -> None:
    assert narrowed("is:ended -status:Completed").statuses == {"Failed", "Terminated", "Canceled"}
    assert narrowed("status:Running or (status:Failed name:x)").statuses == {"Running", "Failed"}
    assert narrowed("status:Running is:ended").statuses == frozenset()


def test_the_times_of_creation_come_from_ages_too() -> None:
    found = narrowed("created<2026-11-21 age<=48h")

    assert found.created_from == ticks("2026-11-20T12:00:00Z")
    assert found.created_before == ticks("2026-11-21T00:00:00Z")
    either = narrowed("created:2026-11-20 or created:2026-11-21")
    assert either.created_from == ticks("2026-11-20T00:00:00Z")
    assert either.created_before == ticks("2026-11-22T00:00:00Z")


def test_an_id_begins_as_its_pattern_does() -> None:
    assert narrowed("id:order/7* name:x").id_prefix == "order/7"
    assert narrowed("id:(order/7*|order/8)").id_prefix == "order/"
    assert narrowed("id:order/7 id:o*") == Narrowed(id_prefix="order/7", instance_id="order/7")
    assert narrowed(r"id:a\*b").instance_id == "a*b"
