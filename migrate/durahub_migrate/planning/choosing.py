"""Which strategy a tree gets, by the decision table: its weakest member decides. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass

from durahub_migrate.assessment.assessment import Mark
from durahub_migrate.assessment.decision_table import DECISIONS, STRATEGIES, mark_of
from durahub_migrate.assessment.rows import Row
from durahub_migrate.moving.strategy import Strategy
from durahub_migrate.planning.request import Request
from durahub_migrate.planning.survey import Survey

_AT_THE_START = frozenset({Row.PENDING, Row.SCHEDULED})
SENDS_AGAIN = (Strategy.IMPORT, Strategy.GHOST)
"""Strategies that send delayed signals again, by the history of their sender."""
_RANK = {Mark.IMPOSSIBLE: 0, Mark.POSSIBLE: 1, Mark.PREFERRED: 2, Mark.UNNEEDED: 3}


@dataclass(frozen=True, slots=True)
class Choice:
    """A strategy, what decided it, and what stands against it: an empty text if nothing does."""

    strategy: Strategy
    why: str
    obstacle: str = ""


def choose(found: Survey, request: Request) -> Choice:
    """Return the strategy of a tree."""
    if found.is_ended:
        return _of_ended(found, request)
    if request.drains(found.tree.root_id):
        return _if_possible(found, Strategy.DRAIN, "--drain names it")
    if request.is_exact:
        return _if_possible(found, Strategy.IMPORT, "")
    if found.tree.is_entity and found.rows == {Row.ENTITY_EMPTY} and not found.carried:
        return Choice(Strategy.ARCHIVE, "It has no state: nothing is to be moved.")
    return _in_flight(found, request)


def _of_ended(found: Survey, request: Request) -> Choice:
    if found.hidden_signals:  # they are told by the sender's history alone: it has to come along
        for strategy in SENDS_AGAIN:
            if strategy in request.possible and _mark(found, strategy) is not Mark.IMPOSSIBLE:
                return Choice(strategy, _said({Row.SIGNAL_OF_ORCHESTRATOR}, strategy))
    if not request.moves_ended:
        return Choice(Strategy.ARCHIVE, _said(found.rows, Strategy.ARCHIVE))
    for strategy in request.possible:
        if _mark(found, strategy) is not Mark.IMPOSSIBLE:
            return Choice(strategy, _said(found.rows, strategy))
    obstacle = _said(found.rows, request.possible[0]) if request.possible else ""
    return Choice(Strategy.ARCHIVE, f"It cannot be moved. {obstacle}".rstrip())


def _in_flight(found: Survey, request: Request) -> Choice:
    ways = list(_ways(found, request))
    if found.hidden_signals:
        ways = [one for one in ways if one in (*SENDS_AGAIN, Strategy.DRAIN)] or ways
    for strategy in ways:
        if _mark(found, strategy) is not Mark.IMPOSSIBLE:
            asked = request.preferred
            note = ""
            if asked is strategy:
                note = " --prefer asked for it."
            elif asked is not None and _mark(found, asked) is Mark.IMPOSSIBLE:
                note = f" {_name(asked)} was asked for, and it is not possible."
            return Choice(strategy, _said(found.rows, strategy) + note)
    if not ways:
        return Choice(
            Strategy.GHOST,
            "What runs needs a ghost replay, a rewind or a backend write.",
            "the target was seen to take none of them (durahub plan --probe tries)",
        )
    return _if_possible(found, ways[0], "")


def _ways(found: Survey, request: Request) -> Iterable[Strategy]:
    """Yield what may be tried; starting again is a way for what has not begun, else only on request."""
    if request.preferred is Strategy.DRAIN:
        if _mark(found, Strategy.DRAIN) is not Mark.IMPOSSIBLE:
            yield Strategy.DRAIN
    elif request.preferred is not Strategy.RECREATE and starts_again(found):
        yield Strategy.RECREATE
    for strategy in request.possible:
        if strategy is not Strategy.RECREATE or request.preferred is strategy:
            yield strategy


def starts_again(found: Survey) -> bool:
    """Tell whether starting a tree anew loses nothing: it has not begun, or stands right behind a cut."""
    if found.ended or found.tree.is_entity:
        return False
    doing = {row for row in found.live_rows if not row.is_trait}
    if doing <= _AT_THE_START:
        return True
    at_the_cut = doing == {Row.RUNNING_UNREAD} and Row.ETERNAL in found.traits
    return at_the_cut and not found.historyless and found.steps == found.live


def _mark(found: Survey, strategy: Strategy) -> Mark:
    return mark_of(found.rows, strategy.value)


def _if_possible(found: Survey, strategy: Strategy, why: str) -> Choice:
    said = _said(found.rows, strategy)
    text = f"{why[:1].upper()}{why[1:]}. {said}" if why else said
    if _mark(found, strategy) is Mark.IMPOSSIBLE:
        return Choice(strategy, text, f"{_name(strategy)} is impossible: {_quoted(said)}")
    return Choice(strategy, text)


def _said(rows: Iterable[Row], strategy: Strategy) -> str:
    """Return the row that decided, and what the table notes of the strategy there."""
    row = min(sorted(rows, key=list(Row).index), key=lambda one: _weight(one, strategy))
    decision = DECISIONS[row]
    note = decision.cells[strategy.value][1]
    return f"{decision.title}{': ' if note else ''}{note}."


def _weight(row: Row, strategy: Strategy) -> tuple[int, bool, bool]:
    mark = DECISIONS[row].cells[strategy.value][0]
    return _RANK[mark], row is Row.ENDED, row.is_trait


def _name(strategy: Strategy) -> str:
    return f"{STRATEGIES[strategy.value][0].lower()} ({strategy.value})"


def _quoted(said: str) -> str:
    return said[:1].lower() + said[1:].rstrip(".")
