"""Messages that belong to no unit: delivered behind the units, taken back before them."""

from functools import partial

from durahub_migrate.applying import told_rows
from durahub_migrate.applying.gear import Gear
from durahub_migrate.bundle import hub_bundle_pb2 as hb
from durahub_migrate.moving.content import Content
from durahub_migrate.moving.mover import DeliversStrays, Moved, Outcome, WithdrawsStrays


class StraysFailed(Exception):
    """Messages that belong to no unit could not be delivered."""

    def __init__(self, moved: Moved) -> None:
        super().__init__(moved.reason)
        self.moved = moved


async def deliver_strays(gear: Gear) -> None:
    """Have messages delivered that belong to no unit, by a target that takes them.

    Raises `StraysFailed`, `StopRequested` and `TargetAway`.
    """
    mover, content, patience = gear.mover, gear.content, gear.patience
    if not isinstance(mover, DeliversStrays):
        undelivered = _undelivered(content)
        if undelivered.left:
            await _tell(gear, "strays", undelivered)
        return
    ledger, deliver = await gear.journal.ledger(told_rows.STRAYS), mover.deliver_strays
    for attempt in range(gear.settings.tries):
        if attempt:
            await patience.sleep(0.5 * 2**attempt)
        moved = await patience.patiently(partial(deliver, content, ledger))
        if moved.outcome is Outcome.REJECTED:
            break
        if moved.outcome is not Outcome.FAILED:
            await _tell(gear, "strays", moved)
            return
    raise StraysFailed(moved)


async def withdraw_strays(gear: Gear) -> int:
    """Take back what belongs to no unit; return 1 if that could not be done."""
    mover, content = gear.mover, gear.content
    ledger = await gear.journal.ledger(told_rows.STRAYS)
    if not isinstance(mover, WithdrawsStrays) or ledger.is_empty:
        return 0
    moved = await gear.patience.patiently(partial(mover.withdraw_strays, content, ledger))
    await _tell(gear, "withdraw", Moved(left=moved.left))
    ledger.flush()
    return int(moved.outcome is not Outcome.DONE)


async def _tell(gear: Gear, phase: str, moved: Moved) -> None:
    tell = partial(told_rows.tell, number=told_rows.STRAYS, phase=phase, moved=moved)
    await gear.journal.do(tell)


def _undelivered(content: Content) -> Moved:
    """Return that what belongs to no unit stays in the bundle."""
    count = sum(record.evidence == hb.InFlight.QUEUE for record in content.strays())
    return Moved(left={"for nobody": count} if count else {})
