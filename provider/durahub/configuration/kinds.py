"""The kinds of values that settings have: each takes what a file or a variable says, or raises.

A variable's text is read as its setting's kind: ``"8080"`` is a number, ``"true"`` is true.
"""

import re
from collections.abc import Callable, Mapping
from typing import TypeAlias

from durahub.address import StoreKind, parse_store
from durahub.authorization.grant_text import EXPECTED as EXPECTED_GRANT
from durahub.authorization.grant_text import rule_of
from durahub.authorization.loopback import is_safe
from durahub.classic.clouds import CLOUDS, cloud_named
from durahub.classic.identity import CREDENTIALS, check_credential
from durahub.classic.options import Level, Manager
from durahub.configuration.durations import EXPECTED, seconds_of, to_text
from durahub.engine.limits import LIMITS
from durahub.errors import BadSetting, DurahubError

Value: TypeAlias = "str | int | float | bool | tuple[str, ...] | None"
Kind: TypeAlias = Callable[[object], Value]
"""Returns the value, or raises `Unfit`."""


class Unfit(ValueError):
    """A value that its setting cannot have; the argument says what is expected."""


class UnfitSecret(Unfit):
    """An unfit value that may be the secret itself, in the place of its name: it is not to be quoted."""


def text(value: object) -> str:
    """Take a text that is not empty."""
    if isinstance(value, str) and value.strip():
        return value.strip()
    raise Unfit("a text")


def flag(value: object) -> bool:
    """Take true or false."""
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.strip().lower() in _FLAGS:
        return _FLAGS[value.strip().lower()]
    raise Unfit("true or false")


_FLAGS = {"true": True, "1": True, "yes": True, "on": True} | {
    "false": False,
    "0": False,
    "no": False,
    "off": False,
}


def whole(least: int, most: int) -> Kind:
    """Take a whole number from *least* to *most*."""

    def take(value: object) -> int:
        if isinstance(value, str) and value.strip().isdecimal():
            value = int(value)
        if isinstance(value, int) and not isinstance(value, bool) and least <= value <= most:
            return value
        raise Unfit(f"a whole number from {least} to {most}")

    return take


port = whole(0, 65_535)


def port_or_none(value: object) -> int | None:
    """Take a port, or false (in a variable: none) for no port."""
    if value is False or (isinstance(value, str) and value.strip().lower() in ("none", "false")):
        return None
    try:
        return int(str(port(value)))
    except Unfit:
        raise Unfit("a port, or false for none") from None


def number(least: float, most: float) -> Kind:
    """Take a number from *least* to *most*."""

    def take(value: object) -> float:
        try:
            found = float(value) if isinstance(value, int | float | str) else None
        except ValueError:
            found = None
        if found is not None and not isinstance(value, bool) and least <= found <= most:
            return found
        raise Unfit(f"a number from {least:g} to {most:g}")

    return take


def duration(least: float, most: float) -> Kind:
    """Take a length of time, or seconds as a number."""
    expected = f"{EXPECTED}, or a number of seconds, from {least:g} to {most:g} s"

    def take(value: object) -> float:
        try:
            return float(str(number(least, most)(value)))
        except Unfit:
            pass
        try:
            found = seconds_of(value) if isinstance(value, str) else None
        except ValueError:
            found = None
        if found is None or not least <= found <= most:
            raise Unfit(expected)
        return found

    return take


def period(value: object) -> float | None:
    """Take a length of time with its unit; ``None`` for ``"never"`` (nothing is purged)."""
    if isinstance(value, str) and value.strip().lower() == "never":
        return None
    if value == 0 and not isinstance(value, bool):
        return 0.0
    if isinstance(value, str):
        try:
            return seconds_of(value)
        except ValueError:
            pass
    raise Unfit(f'{EXPECTED}, 0, or "never"')


def limits(value: object) -> str:
    """Take the name of limits."""
    if isinstance(value, str) and value in LIMITS:
        return value
    raise Unfit(" or ".join(f'"{name}"' for name in LIMITS))


def manager(value: object) -> str:
    """Take the name of a partition manager."""
    known = [one.value for one in Manager]
    if isinstance(value, str) and value in known:
        return value
    raise Unfit(", ".join(f'"{name}"' for name in known[:-1]) + f' or "{known[-1]}"')


def level(value: object) -> str:
    """Take the name of a level."""
    known = [one.value for one in Level]
    if isinstance(value, str) and value in known:
        return value
    raise Unfit(" or ".join(f'"{name}"' for name in known))


def one_of(*known: str) -> Kind:
    """Take one of *known*."""

    def take(value: object) -> str:
        if isinstance(value, str) and value.strip().lower() in known:
            return value.strip().lower()
        raise Unfit(" or ".join(f'"{name}"' for name in known))

    return take


def names(value: object) -> tuple[str, ...]:
    """Take a list of texts; a variable separates them by commas."""
    parts = value.split(",") if isinstance(value, str) else value
    if isinstance(parts, list | tuple) and all(isinstance(part, str) for part in parts):
        stripped = [part.strip() for part in parts if part.strip()]
        if stripped:
            return tuple(dict.fromkeys(stripped))
    raise Unfit("a list of names")


def key_variables(value: object) -> tuple[str, ...]:
    """Take a list of ``env:VARIABLE``: a key itself stands in no file and on no command line."""
    try:
        found = names(value)
    except Unfit:
        found = ()
    if not found or not all(one.startswith("env:") and one[4:] for one in found):
        raise UnfitSecret("env:VARIABLE, or several of them; the key is that variable's value")
    return found


def grants(value: object) -> tuple[str, ...]:
    """Take a list of grants; a variable separates them by semicolons."""
    parts = value.split(";") if isinstance(value, str) else value
    if not isinstance(parts, list | tuple) or not all(isinstance(part, str) for part in parts):
        raise Unfit(f"a list of grants, each {EXPECTED_GRANT}")
    found = tuple(part.strip() for part in parts if part.strip())
    try:
        for one in found:
            rule_of(one)
    except ValueError as error:
        raise Unfit(str(error)) from None
    if not found:
        raise Unfit(f"a list of grants, each {EXPECTED_GRANT}")
    return found


def token_variables(value: object) -> tuple[str, ...]:
    """Take a list of ``NAME=env:VARIABLE``: a token itself stands in no file and on no command line."""
    try:
        found = names(value)
    except Unfit:
        found = ()
    if not found or not all(_TOKEN_VARIABLE.fullmatch(one) for one in found):
        raise UnfitSecret(
            "NAME=env:VARIABLE, or several of them; the token is that variable's value"
        )
    return found


_TOKEN_VARIABLE = re.compile(r"[^\s=:;,]+=env:[^\s=:;,]+")


def issuer(value: object) -> str:
    """Take the address of an identity provider; keys are fetched below it."""
    if isinstance(value, str) and is_safe(value.strip()):
        return value.strip()
    raise Unfit("an address that begins with https:// (http:// on this machine alone)")


def issuers(value: object) -> tuple[str, ...]:
    """Take a list of such addresses."""
    return tuple(issuer(one) for one in names(value))


def store_address(value: object) -> str:
    """Take the address of a store. A connection string has a key in it and belongs in a variable."""
    expected = "env:VARIABLE, storage:ACCOUNT or sqlite:FILE"
    if not isinstance(value, str):
        raise Unfit(expected)
    if "=" in value.partition(":")[0]:
        raise Unfit(f"{expected}; a connection string goes into a variable, for it holds a key")
    try:
        parse_store(value)
    except DurahubError:
        raise Unfit(expected) from None
    return value


def account_address(value: object) -> str:
    """Take the address of a storage account; a connection string goes into a variable."""
    try:
        address = store_address(value)
    except Unfit:
        address = ""
    if parse_store(address).kind not in _ACCOUNTS if address else True:
        raise Unfit("env:VARIABLE or storage:ACCOUNT")
    return address


_ACCOUNTS = (StoreKind.ENVIRONMENT, StoreKind.STORAGE)


def credential(value: object) -> str:
    """Take the name of a way to tokens."""
    try:
        return check_credential(value if isinstance(value, str) else "")
    except BadSetting:
        raise Unfit(f"one of {', '.join(CREDENTIALS)}") from None


def cloud(value: object) -> str:
    """Take the name of a cloud, or what its services' names end with."""
    try:
        cloud_named(value if isinstance(value, str) else "")
    except BadSetting:
        raise Unfit(f"one of {', '.join(CLOUDS)}, or a suffix such as core.example.net") from None
    return str(value).strip().lower()


def table_prefix(value: object) -> str:
    """Take what the names of tables may begin with."""
    if isinstance(value, str) and _TABLE_PREFIX.fullmatch(value.strip()):
        return value.strip()
    raise Unfit("letters and digits, a letter first, 50 at most")


_TABLE_PREFIX = re.compile(r"[A-Za-z][A-Za-z0-9]{0,49}", re.ASCII)


def queue_encoding(value: object) -> str:
    """Take the encoding of queue messages."""
    if isinstance(value, str) and value.strip().lower() in ("utf8", "base64"):
        return value.strip().lower()
    raise Unfit('"utf8" or "base64"')


def show(path: str, value: Value) -> str:
    """Return the value of the setting at *path* as it stands in TOML."""
    match value:
        case None:
            return '"never"' if ".retention." in path else "false"
        case bool():
            return str(value).lower()
        case str():
            return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
        case tuple():
            return "[" + ", ".join(show(path, one) for one in value) + "]"
        case float() if ".retention." in path:
            return f'"{to_text(value)}"'
        case float():
            return f"{value:g}"
    return str(value)


Flat: TypeAlias = Mapping[str, Value]
"""Settings by their path: ``{"server.grpc_port": 8080, "hubs.orders.partitions": 8}``."""
