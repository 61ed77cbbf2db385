"""The table ``[monitor]`` of a settings file. Strict: what it does not know is an error.

::

    [monitor]
    sources = ["storage:contoso", "sqlite:hubs.db"]
    hosts = ["ops.example.com"]

    [[monitor.login.tokens]]
    name = "ci"
    token = "env:CI_TOKEN"          # or sha256 = "…" of it

    [monitor.login.proxy]
    header = "X-Forwarded-User"
    groups_header = "X-Forwarded-Groups"
    from = ["10.0.0.0/8"]

    [monitor.login.oidc]
    issuer = "https://login.example.com/"
    client_id = "…"
    client_secret = "env:OIDC_SECRET"

    [[monitor.grants]]
    groups = ["ops"]
    hubs = ["orders@*"]
    allows = ["read", "payloads", "act"]
"""

import datetime as dt
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields
from difflib import get_close_matches
from typing import Any, NoReturn

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

from durahub.authorization.static_tokens import LEAST, Token, digest_of
from durahub.configuration import kinds
from durahub.errors import BadSettingsFile
from durahub.model.ticks import Ticks, from_datetime
from durahub_migrate.alerting.reading import read_alerts
from durahub_migrate.alerting.toml_tables import TomlTables
from durahub_migrate.web.configuring.keys import BY_NAME, texts
from durahub_migrate.web.configuring.settings import MonitorSettings
from durahub_migrate.web.who.granting import ALLOWS, Rule
from durahub_migrate.web.who.oidc import Oidc
from durahub_migrate.web.who.proxy import Proxy, networks

TABLE = "monitor"
_DIGEST = re.compile(r"[0-9a-f]{64}")
Environment = Mapping[str, str]


def read_monitor(text: str, file: str, environment: Environment) -> dict[str, Any]:
    """Return what the file sets, by the names of `MonitorSettings`; nothing without the table.

    Raises `BadSettingsFile`, `BadAlerts` with the key and what is expected there; secrets are never quoted.
    """
    try:
        tables = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise BadSettingsFile(file, "", f"not TOML: {error}") from None
    return _Reader(file, environment).monitor(tables.get(TABLE, {}))


class _Reader:
    def __init__(self, file: str, environment: Environment) -> None:
        self._file = file
        self._environment = environment
        self._toml = TomlTables(self._wrong, "docs/monitor.md")

    def monitor(self, table: object) -> dict[str, Any]:
        known = {**{name: key.kind for name, key in BY_NAME.items()}, "sources": texts}
        nested = ("login", "grants", "alerts")
        members = self._toml.members(table, TABLE, {*known, *nested})
        found = {
            name: self._toml.fit(known[name], value, f"{TABLE}.{name}")
            for name, value in members.items()
            if name not in nested
        }
        login = self._toml.members(
            members.get("login", {}), "monitor.login", {"tokens", "proxy", "oidc"}
        )
        if "tokens" in login:
            found["tokens"] = tuple(self._tokens(login["tokens"]))
        if "proxy" in login:
            found["proxy"] = self._proxy(login["proxy"])
        if "oidc" in login:
            found["oidc"] = self._oidc(login["oidc"])
        if "grants" in members:
            found["rules"] = tuple(self._rules(members["grants"], found.get("tokens", ())))
        if "alerts" in members:
            found["alerts"] = read_alerts(members["alerts"], self._file, self._environment)
        assert set(found) <= {one.name for one in fields(MonitorSettings)}  # noqa: S101 (names of ours)
        return found

    # -- logins --------------------------------------------------------------------------------

    def _tokens(self, value: object) -> Iterator[Token]:
        seen: set[str] = set()
        for where, table in self._toml.listed(value, "monitor.login.tokens"):
            members = self._toml.members(table, where, {"name", "token", "sha256", "expires"})
            name = self._toml.fit(kinds.text, members.get("name"), f"{where}.name")
            if name in seen:
                self._wrong(f"{where}.name", f"the token {name} is there twice")
            seen.add(name)
            if ("token" in members) == ("sha256" in members):
                self._wrong(where, "expected either token or sha256")
            yield Token(name, self._digest(members, where), self._time(members, where))

    def _digest(self, members: Mapping[str, Any], where: str) -> str:
        if "token" in members:
            token = self._secret(members["token"], f"{where}.token")
            if len(token) < LEAST:
                self._wrong(f"{where}.token", f"the token is shorter than {LEAST} characters")
            return digest_of(token)
        digest = members["sha256"]
        if not isinstance(digest, str) or not _DIGEST.fullmatch(digest.casefold()):
            self._wrong(
                f"{where}.sha256", "expected the SHA-256 of the token, 64 hexadecimal digits"
            )
        return str(digest).casefold()

    def _time(self, members: Mapping[str, Any], where: str) -> Ticks | None:
        value = members.get("expires")
        if value is None:
            return None
        moment = (
            self._toml.fit(kinds.text, value, f"{where}.expires")
            if isinstance(value, str)
            else value
        )
        try:
            if isinstance(moment, str):
                moment = dt.datetime.fromisoformat(moment.replace("Z", "+00:00"))
            elif not isinstance(moment, dt.datetime):
                moment = dt.datetime(moment.year, moment.month, moment.day)
            return from_datetime(moment)
        except (ValueError, AttributeError):
            self._wrong(f"{where}.expires", "expected a date or a time, such as 2027-01-31")

    def _proxy(self, value: object) -> Proxy:
        where = "monitor.login.proxy"
        members = self._toml.members(value, where, {"header", "groups_header", "from"})
        header = self._toml.fit(kinds.text, members.get("header"), f"{where}.header")
        groups = members.get("groups_header")
        listed = self._toml.fit(texts, members.get("from"), f"{where}.from")
        if not listed:
            self._wrong(f"{where}.from", "expected the addresses of the proxy")
        try:
            found = networks(listed)
        except ValueError as error:
            self._wrong(f"{where}.from", f"expected addresses or networks: {error}")
        return Proxy(
            header=header.lower(),
            groups_header=None
            if groups is None
            else self._toml.fit(kinds.text, groups, f"{where}.groups_header").lower(),
            networks=found,
        )

    def _oidc(self, value: object) -> Oidc:
        where = "monitor.login.oidc"
        kinds_of: dict[str, Callable[[object], Any]] = {
            "issuer": kinds.issuer,
            "client_id": kinds.text,
            "client_secret": kinds.text,
            "scopes": texts,
            "name_claim": kinds.text,
            "groups_claims": texts,
            "session": kinds.duration(60, 604_800),
        }
        members = self._toml.members(value, where, set(kinds_of))
        found = {k: self._toml.fit(kinds_of[k], v, f"{where}.{k}") for k, v in members.items()}
        for needed in ("issuer", "client_id"):
            if needed not in found:
                self._wrong(f"{where}.{needed}", "it is missing")
        if "client_secret" in found:
            secret = self._secret(found["client_secret"], f"{where}.client_secret")
            found["client_secret"] = secret
        found["issuer"] = str(members["issuer"])  # compared letter by letter, its slash too
        return Oidc(**found)

    # -- grants --------------------------------------------------------------------------------

    def _rules(self, value: object, tokens: tuple[Token, ...]) -> Iterator[Rule]:
        names = {token.name for token in tokens}
        for where, table in self._toml.listed(value, "monitor.grants"):
            members = self._toml.members(
                table, where, {"users", "groups", "tokens", "hubs", "allows"}
            )
            found = {k: self._toml.fit(texts, v, f"{where}.{k}") for k, v in members.items()}
            if not any(found.get(who) for who in ("users", "groups", "tokens")):
                self._wrong(where, "expected users, groups or tokens")
            for token in found.get("tokens", ()):
                if token not in names:
                    self._wrong(f"{where}.tokens", f"there is no token {token}")
            for allowed in found.get("allows", ()):
                if allowed not in ALLOWS:
                    meant = get_close_matches(allowed, ALLOWS, n=1)
                    hint = f"; did you mean {meant[0]}?" if meant else ""
                    known = ", ".join(sorted(ALLOWS))
                    self._wrong(f"{where}.allows", f"expected some of {known}{hint}")
            yield Rule(
                users=frozenset(found.get("users", ())),
                groups=frozenset(found.get("groups", ())),
                tokens=frozenset(found.get("tokens", ())),
                hubs=found.get("hubs", ("*",)),
                allows=frozenset(found.get("allows", ("read",))),
            )

    # -- values --------------------------------------------------------------------------------

    def _secret(self, value: object, where: str) -> str:
        """Return the secret in the variable that a text names; it may not stand in the file itself."""
        scheme, _, variable = str(value).partition(":")
        if scheme != "env" or not variable:
            self._wrong(where, "expected env:VARIABLE, a variable with the secret in it")
        secret = self._environment.get(variable, "")
        if not secret:
            self._wrong(where, f"the variable {variable} is not set")
        return secret

    def _wrong(self, where: str, problem: str) -> NoReturn:
        raise BadSettingsFile(self._file, where, problem)
