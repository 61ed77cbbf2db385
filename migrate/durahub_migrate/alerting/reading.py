"""Reads ``[monitor.alerts]``. Strict: what it does not know is an error that names the place.

::

    [monitor.alerts]
    every = "1m"

    [[monitor.alerts.receivers]]
    name = "ops"
    url = "env:OPS_WEBHOOK"     # or file:/run/secrets/ops
    key = "env:OPS_KEY"

    [[monitor.alerts.rules]]
    name = "stuck"
    when = "stuck"
    after = "10m"
"""

import ipaddress
from collections.abc import Callable, Iterator, Mapping
from difflib import get_close_matches
from enum import Enum
from pathlib import Path
from typing import Any, NoReturn
from urllib.parse import urlsplit

from durahub.configuration import kinds
from durahub.configuration.kinds import Unfit
from durahub.errors import BadAlerts
from durahub_migrate.alerting.settings import AlertSettings, Form, Receiver
from durahub_migrate.alerting.toml_tables import TomlTables
from durahub_migrate.monitor.alarms.rules import Rule, Severity, Watch
from durahub_migrate.monitor.waiting import Reason

TABLE = "monitor.alerts"
_DAY, _YEAR = 86_400.0, 31_536_000.0
Take = Callable[[object], Any]


def _texts(value: object) -> tuple[str, ...]:
    if isinstance(value, list) and value and all(isinstance(one, str) and one for one in value):
        return tuple(value)
    raise Unfit("a list of texts")


def _one_of(kind: type[Enum]) -> Take:
    known = [one.value for one in kind]

    def take(value: object) -> Enum:
        if value in known:
            return kind(value)
        meant = get_close_matches(str(value), known, n=1)
        hint = f"; did you mean {meant[0]}?" if meant else ""
        raise Unfit(f"one of {', '.join(known)}{hint}")

    return take


def _reasons(value: object) -> frozenset[Reason]:
    take = _one_of(Reason)
    return frozenset(take(one) for one in _texts(value))


WHOLE: Mapping[str, Take] = {
    "every": kinds.duration(1, 3_600),
    "most_a_minute": kinds.whole(1, 1_000),
    "within": kinds.duration(0.1, 300),
    "keep": kinds.duration(60, 30 * _DAY),
}
RECEIVER: Mapping[str, Take] = {
    "name": kinds.text,
    "url": kinds.text,
    "key": kinds.text,
    "form": _one_of(Form),
    "allow_http": kinds.flag,
}
RULE: Mapping[str, Take] = {
    "name": kinds.text,
    "when": _one_of(Watch),
    "hubs": _texts,
    "names": _texts,
    "reasons": _reasons,
    "after": kinds.duration(1, _YEAR),
    "count": kinds.whole(1, 1_000_000),
    "within": kinds.duration(60, 30 * _DAY),
    "for": kinds.duration(0, _YEAR),
    "clear": kinds.duration(0, _YEAR),
    "repeat": kinds.duration(60, _YEAR),
    "severity": _one_of(Severity),
    "receivers": _texts,
}
ONLY_OF: Mapping[str, frozenset[Watch]] = {
    "after": frozenset({Watch.STUCK, Watch.QUEUE_AGE}),
    "names": frozenset({Watch.STUCK, Watch.FAILED}),
    "reasons": frozenset({Watch.STUCK}),
    "count": frozenset({Watch.FAILED, Watch.POISON}),
    "within": frozenset({Watch.FAILED}),
}
"""Settings that mean something to some rules alone."""


def read_alerts(table: object, file: str, environment: Mapping[str, str]) -> AlertSettings:
    """Return the settings. Raises `BadAlerts` with the key and what is expected; secrets are not quoted."""
    return _Reader(file, environment).alerts(table)


class _Reader:
    def __init__(self, file: str, environment: Mapping[str, str]) -> None:
        self._file = file
        self._environment = environment
        self._toml = TomlTables(self._wrong, "docs/alerts.md")

    def alerts(self, table: object) -> AlertSettings:
        members = self._toml.members(table, TABLE, {*WHOLE, "receivers", "rules"})
        found = self._taken({k: v for k, v in members.items() if k in WHOLE}, WHOLE, TABLE)
        receivers = tuple(self._receivers(members.get("receivers", [])))
        if "rules" in members:
            found["rules"] = tuple(self._rules(members["rules"], {one.name for one in receivers}))
        return AlertSettings(receivers=receivers, **found)

    def _receivers(self, value: object) -> Iterator[Receiver]:
        for where, table in self._tables(value, f"{TABLE}.receivers"):
            found = self._taken(self._toml.members(table, where, set(RECEIVER)), RECEIVER, where)
            self._need(found, where, "name", "url")
            url = self._secret(found["url"], f"{where}.url")
            self._check(url, f"{where}.url", allow_http=found.pop("allow_http", False))
            if "key" in found:
                found["key"] = self._secret(found["key"], f"{where}.key")
            yield Receiver(**{**found, "url": url})

    def _rules(self, value: object, receivers: set[str]) -> Iterator[Rule]:
        for where, table in self._tables(value, f"{TABLE}.rules"):
            found = self._taken(self._toml.members(table, where, set(RULE)), RULE, where)
            self._need(found, where, "when")
            watch = found["when"]
            for name, only in ONLY_OF.items():
                if name in found and watch not in only:
                    of = ", ".join(sorted(one.value for one in only))
                    self._wrong(f"{where}.{name}", f"only rules of {of} have it")
            for name in found.get("receivers", ()):
                if name not in receivers:
                    self._wrong(f"{where}.receivers", f"there is no receiver {name}")
            if "for" in found:
                found["hold"] = found.pop("for")
            found.setdefault("name", watch.value)
            yield Rule(**found)

    def _check(self, url: str, where: str, *, allow_http: bool) -> None:
        try:
            parts = urlsplit(url)
            host = parts.hostname or ""
            port = parts.port
        except ValueError:
            self._wrong(where, "what is there is no address")
        if port == 0:
            self._wrong(where, "what is there is no address")
        if parts.scheme not in ("https", "http") or not host:
            self._wrong(where, "what is there is no address that begins with https://")
        if parts.scheme == "http" and not allow_http and not _is_loopback(host):
            self._wrong(
                where, "the address begins with http:// and is elsewhere; allow_http = true lets it"
            )

    def _secret(self, value: str, where: str) -> str:
        scheme, _, name = value.partition(":")
        if scheme not in ("env", "file") or not name or name.startswith("//"):
            self._wrong(where, "expected env:VARIABLE or file:PATH, where the secret is")
        if scheme == "env":
            secret = self._environment.get(name, "").strip()
            if not secret:
                self._wrong(where, f"the variable {name} is not set")
            return secret
        try:
            secret = Path(name).read_text("utf-8").strip()
        except (OSError, ValueError) as error:
            why = getattr(error, "strerror", None) or "it is not text"
            self._wrong(where, f"the file {name} cannot be read: {why}")
        if not secret:
            self._wrong(where, f"the file {name} is empty")
        return secret

    # -- values --------------------------------------------------------------------------------

    def _taken(
        self, members: Mapping[str, Any], known: Mapping[str, Take], where: str
    ) -> dict[str, Any]:
        return {
            name: self._toml.fit(known[name], value, f"{where}.{name}")
            for name, value in members.items()
        }

    def _need(self, found: Mapping[str, Any], where: str, *names: str) -> None:
        for name in names:
            if name not in found:
                self._wrong(f"{where}.{name}", "it is missing")

    def _tables(self, value: object, where: str) -> list[tuple[str, object]]:
        found = self._toml.listed(value, where)
        names: set[str] = set()
        for _, one in found:
            name = one.get("name", one.get("when")) if isinstance(one, dict) else None
            if isinstance(name, str) and name in names:
                self._wrong(where, f"the name {name} is there twice")
            names.add(str(name))
        return found

    def _wrong(self, where: str, problem: str) -> NoReturn:
        raise BadAlerts(self._file, where, problem)


def _is_loopback(host: str) -> bool:
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
