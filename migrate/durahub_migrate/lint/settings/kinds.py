"""The kinds of values that the linter's settings have: each takes what a file says, or raises `Unfit`."""

import re
from collections.abc import Callable, Collection
from datetime import date, datetime
from typing import Any, TypeAlias

from durahub.configuration.kinds import Unfit
from durahub_migrate.lint.finding import Severity
from durahub_migrate.lint.selection import PROFILES

Kind: TypeAlias = Callable[[object], Any]

SDKS = ("dotnet", "python", "javascript", "java", "go")
SKUS = ("dedicated", "consumption")
STRATEGIES = ("a", "b1", "b2", "b3", "b4", "c", "d")
FAIL_ON = ("error", "warning", "info", "never")
_MONTH = re.compile(r"\d{4}-(0[1-9]|1[0-2])")
_DAY = re.compile(r"\d{4}-\d\d-\d\d")


def one_of(words: Collection[str]) -> Kind:
    """Take one of *words*, in any case."""

    def take(value: object) -> str:
        if isinstance(value, str) and value.lower() in words:
            return value.lower()
        raise Unfit(f"one of {', '.join(words)}")

    return take


def texts(value: object) -> tuple[str, ...]:
    """Take a list of texts."""
    if isinstance(value, list | tuple) and all(isinstance(x, str) and x for x in value):
        return tuple(value)
    raise Unfit('a list of texts, as ["IDN", "PAY401"]')


def text(value: object) -> str:
    """Take a text that is not empty."""
    if isinstance(value, str) and value.strip():
        return value
    raise Unfit("a text")


def flag(value: object) -> bool:
    """Take true or false."""
    if isinstance(value, bool):
        return value
    raise Unfit("true or false")


def whole(value: object) -> int:
    """Take a whole number that is not negative."""
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return value
    raise Unfit("a whole number, 0 or more")


def number(value: object) -> float:
    """Take a number that is not negative."""
    if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < float("inf"):
        return float(value)
    raise Unfit("a number, 0 or more")


def month(value: object) -> str:
    """Take a month as ``2026-11``."""
    if isinstance(value, str) and _MONTH.fullmatch(value):
        return value
    raise Unfit('a month, as "2026-11"')


def day(value: object) -> str:
    """Take a date, TOML's or a text; return it as ``2026-11-30``."""
    try:
        if isinstance(value, date) and not isinstance(value, datetime):
            return value.isoformat()
        if isinstance(value, str) and _DAY.fullmatch(value):
            return date.fromisoformat(value).isoformat()
    except ValueError:
        pass
    raise Unfit("a date, as 2027-01-31")


def severities(value: object) -> dict[str, Severity]:
    """Take a table of severities by code, or by the beginning of codes."""
    if not isinstance(value, dict):
        raise Unfit("a table of severities by code")
    return {code: severity(level) for code, level in value.items()}


def severity(value: object) -> Severity:
    """Take a severity."""
    return Severity(one_of([one.value for one in Severity])(value))


profile = one_of(PROFILES)
