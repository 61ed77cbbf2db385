"""What causes a turn is durable before others can act on what the turn sends.

A result in memory is recorded by the checkpoint of its turn, and what the turn sends is put before that. Who
dies in between would leave messages that follow from a result which nobody has any more: its activity
runs again, perhaps with another one. So where a turn with such results sends anything, these come first:

- they are written to the history, with the others that caused the turn, in a transaction of its own, as the
  first of several of a checkpoint. Who reads an episode that is stored in part finishes it, DTFx too: the
  activity's message comes again, its second result counts for nothing, and the turn goes on from the first;
- or, where there is no such part, they are put into their queue: a turn that continues as new leaves no
  event of what caused it, and what has no message of its own would not come again for DTFx.
"""

from durahub.classic.held import HeldMessages
from durahub.classic.history_table import HistoryTable, WrittenHistory
from durahub.classic.results import Results
from durahub.classic.writing import Writing
from durahub.engine.commit import Commit
from durahub.errors import CheckpointLost


async def make_durable(
    commit: Commit,
    writing: Writing,
    results: Results,
    held: HeldMessages,
    histories: HistoryTable,
    consumed: list[str],
) -> WrittenHistory | None:
    """Make durable what causes *commit* if that has to be; return what was written to the history.

    *writing* is what is left to be written. *consumed* are the message IDs for the sentinel. Raises
    `CheckpointLost`.
    """
    if not commit.outbound and not writing.posted:
        return None
    causes = commit.consumed[: commit.causes - 1] if commit.causes else commit.consumed
    stand_alone = results.stand_alone(causes)
    if stand_alone is None:
        return None
    if not commit.causes or not stand_alone:
        if not await results.secure(causes):
            raise CheckpointLost(commit.instance_id)  # they are put back, and become messages so
        writing.secured(held.as_stored)
        return None
    written = await histories.write(
        commit.instance_id,
        commit.execution_id,
        writing.base,
        writing.events[: commit.causes],
        replaces=False,
        consumed=consumed,
        unsettled=writing.unsettled,
        to_be_continued=True,
    )
    writing.base, writing.events = written.version, writing.events[commit.causes :]
    return written
