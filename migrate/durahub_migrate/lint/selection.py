"""Which rules run: by profile, by the beginnings of codes, by date."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from durahub_migrate.lint.finding import Severity
from durahub_migrate.lint.rule import Rule

ALL = "ALL"
PROFILES = {
    "recommended": "what is wrong today, wherever the hub is to go",
    "migrate": "and what breaks on the Durable Task Scheduler",
    "strict": "every rule",
    "dts-native": "for apps that never had a hub in Azure Storage",
}
DEFAULT_PROFILE = "migrate"


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """What was asked for. Words are codes, their beginnings (``IDN``, ``IDN5``), or ``ALL``.

    With *select* its rules run instead of the profile's. The longer of two words that contradict each other
    wins; if both are as long, *ignore* does. *until* is a month: rules of later ones run only if
    their whole code is named.
    """

    profile: str = DEFAULT_PROFILE
    select: tuple[str, ...] | None = None
    extend_select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    until: str | None = None  # "2026-11"

    def takes(self, rule: Rule[Any]) -> bool:
        """Return whether *rule* is to run."""
        ignored = _longest(rule.code, self.ignore)
        chosen = _longest(rule.code, (*(self.select or ()), *self.extend_select))
        if self.until is not None and rule.since > self.until:
            return chosen == len(rule.code) > ignored
        if self.select is None and self.profile in rule.profiles:
            chosen = max(chosen, 0)
        return chosen > ignored


def severity_of(code: str, changed: Mapping[str, Severity]) -> Severity | None:
    """Return the severity that findings of *code* were given, by the longest word; ``None``: their own."""
    words = sorted((word for word in changed if _fits(code, word)), key=_weight)
    return changed[words[-1]] if words else None


def fits_any(code: str, words: Iterable[str]) -> bool:
    """Return whether one of *words* is *code*, a beginning of it, or ``ALL``."""
    return any(_fits(code, word) for word in words)


def misspelt(words: Iterable[str], codes: Sequence[str]) -> str | None:
    """Return what is wrong with the first of *words* that no code begins with; ``None`` if all are right."""
    for word in words:
        if not any(_fits(code, word) for code in codes):
            meant = get_close_matches(word.upper(), codes, n=1, cutoff=0.6)
            hint = f"; did you mean {meant[0]}?" if meant else ""
            return f"no rule's code begins with {word!r}{hint}"
    return None


def _fits(code: str, word: str) -> bool:
    return word.upper() == ALL or code.startswith(word.upper())


def _longest(code: str, words: Iterable[str]) -> int:
    """Return the length of the longest word that fits, 0 for ``ALL``, -1 if none does."""
    return max((_weight(word) for word in words if _fits(code, word)), default=-1)


def _weight(word: str) -> int:
    return 0 if word.upper() == ALL else len(word)
