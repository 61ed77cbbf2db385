"""Leads the histories of a bundle through the user's app, one after the other."""

from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass

from durahub.engine.readings import AS_IT_SEEMS, Reading
from durahub.errors import DurahubError
from durahub_migrate.moving.content import Content, Held
from durahub_migrate.rehearsing.judging import judge, otherwise, show
from durahub_migrate.rehearsing.playing import Gone, Player, TooSlow
from durahub_migrate.rehearsing.verdicts import Outcome, Rehearsal, Verdict

ENDED = frozenset({"Completed", "Failed", "Terminated", "Canceled", "ContinuedAsNew"})
MOST_READINGS = 50  # of one history


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which instances are to be replayed: those *ended* too, and *most* of each orchestrator; 0: all."""

    ended: bool = False
    most: int = 0


async def rehearse(
    content: Content,
    player: Player,
    wanted: Wanted,
    rehearsal: Rehearsal,
    progress: Callable[[int], object] = bool,  # told nobody
) -> AsyncIterator[Verdict]:
    """Yield a verdict for each instance that is wanted, in the bundle's order, counted in *rehearsal*.

    An instance that has not begun has nothing to be replayed: it is ok if the app has its orchestrator.
    *progress* is told how many were replayed.
    """
    rehearsal.sdk = player.sdk
    counts: Counter[str] = Counter()
    for done, held in enumerate(_chosen(content, wanted, rehearsal, counts), start=1):
        verdict = await _verdict(held, player)
        rehearsal.add(verdict)
        progress(done)
        yield verdict


def _chosen(
    content: Content, wanted: Wanted, rehearsal: Rehearsal, counts: Counter[str]
) -> Iterator[Held]:
    for tree in content.trees():
        if tree.is_entity:
            continue
        for held in content.members(tree.root_id):
            name = held.instance.name or ""
            if not wanted.ended and held.instance.status in ENDED:
                rehearsal.skipped["ended"] += 1
            elif wanted.most and counts[name] >= wanted.most:
                rehearsal.skipped["more of one orchestrator"] += 1
            else:
                counts[name] += 1
                yield held


async def _verdict(held: Held, player: Player) -> Verdict:
    instance = held.instance
    name = instance.name or ""

    def other(outcome: Outcome, why: str) -> Verdict:
        return Verdict(instance_id=instance.instance_id, name=name, outcome=outcome, why=why)

    if not instance.history:
        if name in player.orchestrators:
            return other(Outcome.OK, "it has not begun")
        return other(Outcome.MISSING, f"the app has no orchestrator {name!r}")
    events = [one.event for one in instance.history]
    reading: Reading | None = AS_IT_SEEMS
    for _ in range(MOST_READINGS):
        assert reading is not None  # noqa: S101 (for the types)
        try:
            shown = show(instance.instance_id, events, held.numbering_base, reading)
            played = await player.play(shown.request)
        except TooSlow:
            return other(Outcome.ERROR, f"it did not end within {player.app.seconds:g} s")
        except Gone:
            return other(Outcome.ERROR, "the app's process ended while it was replayed")
        except DurahubError as error:
            return other(Outcome.ERROR, error.sentence)
        reading = otherwise(shown, played)
        if reading is None:
            break
    return judge(instance.instance_id, name, shown, played)
