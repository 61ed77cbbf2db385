"""``durahub resync``: moves once more what ``durahub verify`` has found to differ, and nothing else."""

import time
from pathlib import Path

import click

from durahub.cli.opening import run
from durahub.cli.output import say, tell
from durahub.cli.server_life import stop_signal
from durahub_migrate.applying.plan_file import OpenPlan
from durahub_migrate.applying.resyncing import Repair, take_back
from durahub_migrate.applying.session import Session, Wanted, session
from durahub_migrate.applying.settings import ApplySettings
from durahub_migrate.applying.states import JobState
from durahub_migrate.cli.apply import told_warning
from durahub_migrate.cli.apply_telling import teller
from durahub_migrate.cli.movers import open_mover
from durahub_migrate.verifying.repairing import Repairs, read_results, repairs_of

_FILE = click.Path(path_type=Path, dir_okay=False)


@click.command()
@click.argument("plan", type=_FILE)
@click.option(
    "--from", "results", type=_FILE, required=True, help="What durahub verify --output has written."
)
@click.option("--execute", is_flag=True, help="Do it; without this it is only told.")
def resync(plan: Path, results: Path, execute: bool) -> None:
    """Move the trees of PLAN once more that differ at the target, or are missing there.

    What the job has put there of such a tree is taken away, then the tree is moved from the bundle as before.
    All others stay untouched. Left as they are: trees that have gone on at the target, what only the target
    has, and what the plan does not move. The target's app has to be stopped.

    \b
    durahub verify orders.hub sqlite:new.db/orders --plan orders.plan --output verify.json
    durahub resync orders.plan --from verify.json
    durahub resync orders.plan --from verify.json --execute

    Exit status: 0 everything that differs can be mended, or was; 1 something differs that is not mended;
    2 wrong usage; 3 the job is not where that can be done; 4 a file is damaged, or something does not answer;
    5 stopped, 'durahub apply' goes on.
    """  # noqa: D301 (click's mark for lines that stay as they are)
    with OpenPlan(plan) as opened:
        target = opened.head.target
        moved = {unit.root_id for unit, _, _ in opened.units() if unit.is_moved}
    repairs = repairs_of(read_results(results, target))
    for tree in [tree for tree in repairs.again if tree.root_id not in moved]:
        repairs.again.remove(tree)
        repairs.left.append((tree.root_id, "the plan does not move it"))
    for tree in repairs.again:
        found = ", ".join(f"{name}: {said}" for name, said in sorted(tree.found.items()))
        tell(f"again  {tree.root_id}  {found}")
    for name, why in repairs.left:
        tell(f"left   {name}  {why}")
    if not execute or not repairs.again:
        if repairs.again:
            say("nothing was done: --execute does it; the target's app has to be stopped")
        raise SystemExit(1 if repairs.left else 0)
    raise SystemExit(run(_mend(plan, repairs)))


async def _mend(plan: Path, repairs: Repairs) -> int:
    wanted = Wanted(plan=plan)
    with stop_signal() as stop:
        told = teller("text", time.monotonic)
        try:
            async with session(wanted, stop, open_mover, told, told_warning, create=False) as job:
                status, left = await _moved_again(job, repairs)
        finally:
            told.close()
    say("compare again: durahub verify")
    return status or (1 if left or repairs.left else 0)


async def _moved_again(job: Session, repairs: Repairs) -> tuple[int, bool]:
    running = job.running
    if (await running.job()).state is not JobState.HANDED_OVER:
        running.settings = ApplySettings(
            postpone=True
        )  # it waited for its cut-over, and goes on to
    trees = [Repair(tree.root_id, tree.is_gone) for tree in repairs.again]
    kept = await take_back(running, trees)
    for one in kept:
        tell(f"left   {one.root_id}  {one.why}")
    return await job.apply(), bool(kept)
