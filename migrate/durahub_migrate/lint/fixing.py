"""Applies fixes to texts, and says what they change.

A fix is applied as a whole or not at all. Of two that overlap the first is applied; the other one has its
turn when the result has been judged again, if it is still wanted.
"""

from collections.abc import Callable, Iterable, Mapping
from difflib import unified_diff

from durahub_migrate.lint.finding import Edit, Fix

ROUNDS = 10
_NO_NEWLINE = "\\ No newline at end of file\n"

Judge = Callable[[Mapping[str, str]], Iterable[Fix]]
"""Returns the fixes that are wanted for texts, by their path."""


def fixed(text: str, fixes: Iterable[Fix], unsafe: bool) -> str:
    """Return *text* with those of *fixes* that do not overlap; *unsafe* ones only if that is asked for."""
    data = text.encode("utf-8", "surrogatepass")
    taken: list[Edit] = []
    wanted = [fix for fix in fixes if fix.edits and (fix.safe or unsafe)]
    for fix in sorted(wanted, key=_order):
        if all(_is_within(edit, data) for edit in fix.edits) and not any(
            _overlap(edit, other) for edit in fix.edits for other in taken
        ):
            taken.extend(fix.edits)
    line_end = "\r\n" if b"\r\n" in data else "\n"
    for edit in sorted(taken, key=lambda one: (one.start, one.stop), reverse=True):
        new = edit.text.replace("\r\n", "\n").replace("\n", line_end)
        data = data[: edit.start] + new.encode("utf-8", "surrogatepass") + data[edit.stop :]
    return data.decode("utf-8", "surrogatepass")


def settled(
    texts: Mapping[str, str], judge: Judge, unsafe: bool, rounds: int = ROUNDS
) -> dict[str, str]:
    """Return *texts* as they are when *judge* wants no more of them; after *rounds* as they are then.

    Fixes that undo each other end it, too.
    """
    now = dict(texts)
    seen = [now]
    for _ in range(rounds):
        by_file: dict[str, list[Fix]] = {}
        for fix in judge(now):
            by_file.setdefault(fix.file, []).append(fix)
        then = {path: fixed(text, by_file.get(path, ()), unsafe) for path, text in now.items()}
        if then in seen:
            return now
        seen.append(then)
        now = then
    return now


def diff(path: str, before: str, after: str) -> str:
    """Return what `patch -p1` takes: the unified difference, empty if there is none."""
    said = unified_diff(_lines(before), _lines(after), f"a/{path}", f"b/{path}")
    return "".join(line if line.endswith("\n") else f"{line}\n{_NO_NEWLINE}" for line in said)


def _order(fix: Fix) -> tuple[int, int, str]:
    return min(edit.start for edit in fix.edits), max(edit.stop for edit in fix.edits), fix.title


def _is_within(edit: Edit, data: bytes) -> bool:
    return 0 <= edit.start <= edit.stop <= len(data)


def _overlap(one: Edit, other: Edit) -> bool:
    """Tell whether two edits touch the same bytes; insertions at one place do."""
    if one.start == other.start:
        return True
    first, second = sorted((one, other), key=lambda edit: edit.start)
    return second.start < first.stop


def _lines(text: str) -> list[str]:
    """Split at line feeds alone: a text may hold other characters that Python counts as line ends."""
    lines = text.split("\n")
    return [f"{line}\n" for line in lines[:-1]] + ([lines[-1]] if lines[-1] else [])
