"""Redaction as it is configured: which hook every payload goes through before anybody sees it.

A rule is ``secrets`` or ``personal``, which mask values of JSON members by their names; ``members:NAME,…``,
which masks those of other names; or ``package.module:function``, a function of one's own that gets a
`RedactionPlace` and a text, and returns what may be seen of it.
"""

import importlib
from collections.abc import Iterable

from durahub.errors import BadSetting
from durahub_migrate.monitor.telling.redaction import (
    Redact,
    RedactionPlace,
    by_name,
    masked_members,
)

PERSONAL = (
    "email",
    "phone",
    "mobile",
    "iban",
    "creditcard",
    "cardnumber",
    "cvv",
    "ssn",
    "birthdate",
    "dateofbirth",
    "firstname",
    "lastname",
    "surname",
    "fullname",
    "address",
    "street",
)
"""Parts of the names of members that tell who somebody is, in the form that `_plain` gives names."""
MEMBERS = "members"
EXPECTED = "secrets, personal, members:NAME,… or package.module:function"


def redaction(rules: Iterable[str]) -> Redact | None:
    """Return what all *rules* do, one after the other; ``None`` without any. Raises `BadSetting`."""
    hooks = [_hook(rule) for rule in rules]
    if not hooks:
        return None

    def redact(place: RedactionPlace, text: str) -> str:
        for hook in hooks:
            text = hook(place, text)
        return text

    return redact


def _hook(rule: str) -> Redact:
    if rule == "secrets":
        return by_name
    if rule == "personal":
        return members(PERSONAL)
    name, separator, rest = rule.partition(":")
    if name == MEMBERS and rest:
        return members(rest.split(","))
    if not separator or not rest:
        raise BadSetting("monitor.redact", rule, EXPECTED)
    return _function(rule, name, rest)


def members(names: Iterable[str]) -> Redact:
    """Return a hook that masks the values of members whose names have one of *names* as a part."""
    parts = frozenset(map(_plain, names)) - {""}

    def is_meant(quoted: str) -> bool:
        name = _plain(quoted)
        return any(part in name for part in parts)

    def redact(_: RedactionPlace, text: str) -> str:
        return masked_members(text, is_meant)

    return redact


def _plain(name: str) -> str:
    return name.strip().casefold().replace("_", "").replace("-", "")


def _function(rule: str, module: str, name: str) -> Redact:
    try:
        function = getattr(importlib.import_module(module), name)
    except (ImportError, AttributeError, ValueError) as error:
        raise BadSetting("monitor.redact", rule, f"{EXPECTED}; {error}") from None
    if not callable(function):
        raise BadSetting("monitor.redact", rule, f"{EXPECTED}; {name} is no function")

    def redact(place: RedactionPlace, text: str) -> str:
        try:
            return str(function(place, text))
        except Exception as error:  # what cannot be redacted is not shown
            return f"(not shown: {rule} raised {type(error).__name__})"

    return redact
