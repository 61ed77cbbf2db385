"""Messages that cannot be seen are told as unexplained only where nothing explains them."""

import pytest

from durahub.classic.partitioning.evidence import Evidence
from durahub.classic.partitioning.table import LeaseRow
from durahub_migrate.assessment.assessment import Assessment
from durahub_migrate.assessment.rows import Row
from durahub_migrate.lint.examples import a_hub, an_instance
from durahub_migrate.lint.hub_examples import a_classic_hub, ago, began, timer
from tests.lint.assessment.recorded_hubs import assessed

QUEUE = "orders-control-00"
AT_WORK = Evidence([LeaseRow(partition=QUEUE, current_owner="worker-1", expires_at=ago(-30.0))], {})


def hidden_in(report: Assessment) -> int | None:
    rows = {one.row: one.count for one in report.hubs[0].groups}
    return rows.get(Row.UNSEEN.value, 0)


@pytest.mark.parametrize(
    ("instance", "left"),
    [
        (an_instance(status="Pending"), 2),
        (an_instance(history=began(timer(ago(-60)))), 2),
        (an_instance(history=began()), 3),
    ],
    ids=["a start", "a timer", "nothing"],
)
async def test_what_instances_wait_for_explains_hidden_messages(
    instance: object, left: int
) -> None:
    assert hidden_in(await assessed([a_hub(queues={QUEUE: 3}), instance])) == left


async def test_nobody_can_tell_while_workers_have_messages_in_hand() -> None:
    hub = a_hub(queues={QUEUE: 3}, classic=a_classic_hub({QUEUE: 3}, leases=AT_WORK))

    assert hidden_in(await assessed([hub, an_instance(history=began())])) is None
