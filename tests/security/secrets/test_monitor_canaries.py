"""What a monitor says of itself while everybody is wrong: its log, its refusals, its metrics, its folder.

Three ways in are there at once: tokens, an identity provider, and a proxy. Payloads are shown to whoever may
see them; who may not gets none from any operation.
"""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from durahub.local.child import Child
from tests.monitor.web.contract import CONTRACT
from tests.monitor.web.identity_provider import CLIENT, IdentityProvider, serving
from tests.security.secrets.canaries import canary, found_below, found_in
from tests.security.secrets.full_hub import CANARIES as IN_HUB
from tests.security.secrets.full_hub import damage, write
from tests.verifying.places import moved_into_file

SECRETS = {
    name: canary(name)
    for name in (
        *("reader-token", "all-token", "client-secret", "wrong-token", "cookie", "csrf", "code"),
        *("state", "header", "authorization"),
    )
}
SENT = {name: canary(name) for name in ("data", "body", "query", "claim")}
HIDDEN = {**IN_HUB, **SECRETS}
"""What nobody is shown without a grant for payloads; tags are names, which are searched for."""
del HIDDEN["tag"]
ANNA = {"email": "anna@example.com", "email_verified": True, "note": SENT["claim"]}


@dataclass
class Watched:
    """A monitor that runs. *said* is what it has said that has to be without payloads and secrets."""

    child: Child
    url: str
    folder: Path
    provider: IdentityProvider
    said: bytearray = field(default_factory=bytearray)
    made: dict[str, str] = field(default_factory=dict)
    """Secrets that were made meanwhile: cookies, tokens, codes."""

    def client(self, token: str | None = None, **headers: str) -> httpx.AsyncClient:
        if token is not None:
            headers["authorization"] = f"Bearer {token}"
        return httpx.AsyncClient(base_url=self.url, timeout=60, headers=headers)

    def keep(self, answer: httpx.Response) -> httpx.Response:
        """Keep what a refusal says."""
        if answer.status_code >= 400:
            self.said += answer.content + repr(answer.headers.raw).encode()
        return answer


@pytest.fixture
async def watched(tmp_path: Path) -> AsyncIterator[Watched]:
    write(tmp_path / "orders.hub", odd=False)
    await moved_into_file(tmp_path / "orders.hub", tmp_path / "hub.db")
    async with serving(IdentityProvider(ANNA)) as provider:
        settings = tmp_path / "durahub.toml"
        settings.write_text(
            f"""
            [monitor]
            sources = ["sqlite:{(tmp_path / "hub.db").as_posix()}/Orders"]
            allow_actions = true

            [[monitor.login.tokens]]
            name = "reader"
            token = "env:READER"
            [[monitor.login.tokens]]
            name = "all"
            token = "env:ALL"

            [monitor.login.proxy]
            header = "X-Forwarded-User"
            from = ["127.0.0.1/32"]

            [monitor.login.oidc]
            issuer = "{provider.issuer}"
            client_id = "{CLIENT}"
            client_secret = "env:OIDC_SECRET"

            [[monitor.grants]]
            tokens = ["reader"]
            allows = ["read"]
            [[monitor.grants]]
            tokens = ["all"]
            users = ["anna@example.com"]
            allows = ["*"]
            """
        )
        environment = {
            "DURAHUB_STATE_DIR": str(tmp_path / "state"),
            "READER": SECRETS["reader-token"],
            "ALL": SECRETS["all-token"],
            "OIDC_SECRET": SECRETS["client-secret"],
            "PYTHONASYNCIODEBUG": "1",
        }
        command = (
            *(sys.executable, "-X", "dev", "-m", "durahub.cli.main", "monitor", "--log", "debug"),
            *("--config", str(settings), "--port", "0", "--format", "json"),
            *("--data", str(tmp_path / "data")),
        )
        child = Child(command, env={**os.environ, **environment})
        ready = await asyncio.to_thread(
            child.wait_for, lambda line: line if line.startswith('{"event"') else None, 60
        )
        try:
            assert ready, child.tail()
            yield Watched(child, json.loads(ready)["url"], tmp_path, provider)
        finally:
            child.kill()


async def test_who_may_not_see_payloads_gets_none_and_nobody_gets_secrets(
    watched: Watched,
) -> None:
    hub = await until_known(watched)
    async with watched.client(SECRETS["reader-token"]) as reader:
        seen = await everything(reader, hub)
    assert sum(one.status_code == 200 for one in seen.values()) >= 20
    found = {path: found_in(one.content, HIDDEN) for path, one in seen.items()}
    assert {path: names for path, names in found.items() if names} == {}
    async with watched.client(SECRETS["all-token"]) as everybody:
        shown = await everything(everybody, hub)
    assert any(found_in(one.content, IN_HUB) for one in shown.values())  # or nothing was hidden


async def test_a_monitor_says_nothing_of_secrets_and_payloads_whatever_goes_wrong(
    watched: Watched,
) -> None:
    hub = await until_known(watched)
    await log_in_at_the_provider(watched)
    await wrong_requests(watched, hub)
    await actions(watched, hub)
    damage(watched.folder / "hub.db")
    async with watched.client(SECRETS["reader-token"]) as reader:
        for path, answer in (await everything(reader, hub)).items():
            assert found_in(answer.content, HIDDEN) == [], path
    async with watched.client(SECRETS["all-token"]) as everybody:
        metrics = await everybody.get("/metrics")
        assert metrics.status_code == 200
        watched.said += metrics.content
    watched.child.interrupt()
    log = watched.child.output().encode()

    assert b'"event"' in log
    assert leaks(watched, bytes(watched.said)) == []
    assert leaks(watched, log) == []
    secrets = {**SECRETS, **watched.made}
    assert found_below(watched.folder / "data", secrets) == []
    audit = (watched.folder / "data" / "audit.jsonl").read_bytes()
    assert b"raise-event" in audit
    assert leaks(watched, audit) == []


def leaks(watched: Watched, content: bytes) -> list[str]:
    """Return the names of the canaries in *content*."""
    return found_in(content, {**IN_HUB, **SECRETS, **SENT, **watched.made})


async def until_known(watched: Watched) -> str:
    """Return the key of the hub, once the monitor knows its instances."""
    async with watched.client(SECRETS["reader-token"]) as reader:
        for _ in range(2_000):
            listed = await reader.get("/api/instances", params={"total": 1})
            if listed.status_code == 200 and listed.json()["total"]:
                return str(listed.json()["rows"][0]["hub"])
    raise AssertionError(watched.child.tail())


async def everything(browser: httpx.AsyncClient, hub: str) -> dict[str, httpx.Response]:
    """Return what every operation that only reads answers, by its path."""
    samples = {
        "id": "waits",
        "name": "Order",
        "left": "done",
        "right": "waits",
        "queue": "inbox",
        "leftHub": hub,
        "rightHub": hub,
        "member": "input",
    }
    seen = {}
    for path, methods in CONTRACT.document["paths"].items():
        if "get" not in methods or "{number}" in path or path == "/api/events":
            continue
        needed = [one["name"] for one in methods["get"]["parameters"] if one.get("required")]
        query = {name: samples[name] for name in needed if name != "hub"}
        seen[path] = await browser.get(path.replace("{hub}", hub), params=query)
    entity = {"id": "@counter@1"}
    seen["entity"] = await browser.get(f"/api/hubs/{hub}/instance", params=entity)
    seen["all columns"] = await browser.get("/api/instances", params={"q": "input~canary"})
    return seen


async def log_in_at_the_provider(watched: Watched) -> None:
    """Log in; and fail to, by a wrong code, a wrong state, and tokens that do not count."""
    made, provider = watched.made, watched.provider
    for change in ({}, {"exp": 1}, {"aud": "another"}, {"nonce": "another"}):
        provider.change = change
        async with watched.client() as browser, httpx.AsyncClient(timeout=60) as outside:
            begun = await browser.get("/login", params={"back": "hubs"})
            assert begun.status_code == 302
            returned = (await outside.get(begun.headers["location"])).headers["location"]
            told = parse_qs(urlsplit(returned).query)
            number = len(made)
            made[f"state {number}"] = told["state"][0]
            made[f"code {number}"] = told["code"][0]
            ended = await browser.get(returned)
            assert (ended.status_code == 303) == (not change), ended.text
            watched.keep(ended)
            made |= {f"cookie {number} {name}": value for name, value in browser.cookies.items()}
            if not change:
                assert (await browser.get("/api/session")).json()["user"]["via"] == "oidc"
    provider.change = {}
    async with watched.client() as browser:
        begun = await browser.get("/login")
        state = parse_qs(urlsplit(begun.headers["location"]).query)["state"][0]
        for query in (
            {"code": SECRETS["code"], "state": state},
            {"code": SECRETS["code"], "state": SECRETS["state"]},
            {"code": SECRETS["code"]},
        ):
            refused = watched.keep(await browser.get("/login/callback", params=query))
            assert refused.status_code >= 400


async def wrong_requests(watched: Watched, hub: str) -> None:
    """Send what is refused, with secrets in it wherever they may stand by mistake."""
    path = f"/api/hubs/{hub}/actions"
    note = {"x-note": SECRETS["header"]}
    wrong: list[tuple[str, str, dict[str, Any]]] = [
        ("GET", "/api/hubs", {"headers": {"authorization": f"Bearer {SECRETS['wrong-token']}"}}),
        ("GET", "/api/hubs", {"headers": {"authorization": f"Basic {SECRETS['authorization']}"}}),
        ("GET", "/api/hubs", {"headers": {"cookie": f"durahub-session-x={SECRETS['cookie']}"}}),
        ("GET", "/metrics", {"headers": {"authorization": f"Bearer {SECRETS['wrong-token']}"}}),
        ("GET", "/api/hubs", {"headers": {"x-forwarded-user": "\x01", **note}}),
        ("POST", path, {"headers": {"x-durahub-csrf": SECRETS["csrf"]}, "content": SENT["body"]}),
    ]
    right = {"authorization": f"Bearer {SECRETS['all-token']}", **note}
    for given in (
        {"content": f'{{"verb": "{SENT["body"]}'},
        {"json": {"verb": "none", "target": "waits", "arguments": {"data": SENT["data"]}}},
        {"json": {"verb": "raise-event", "target": "waits", "arguments": {"data": SENT["data"]}}},
        {"json": [SENT["body"]]},
        {"content": b"\xff" + SENT["body"].encode()},
    ):
        wrong.append(("POST", path, {"headers": right, **given}))
        wrong.append(("POST", "/api/jobs", {"headers": right, **given}))
        wrong.append(("POST", "/api/documents", {"headers": right, **given}))
    async with watched.client() as browser:
        for method, place, more in wrong:
            watched.keep(await browser.request(method, place, **more))
        for name in ("cursor", "sort", "total", "q"):
            answer = await browser.get(
                "/api/instances", params={name: f'"{SENT["query"]}'}, headers=right
            )
            assert (
                found_in(answer.content, {**IN_HUB, **SECRETS}) == []
            )  # (the asker's own is quoted)


async def actions(watched: Watched, hub: str) -> None:
    """Act, with payloads, where that works and where it does not."""
    headers = {"x-forwarded-user": "anna@example.com"}
    async with watched.client(SECRETS["all-token"]) as everybody, watched.client(**headers) as anna:
        token = (await anna.get("/api/session")).json()["csrf"]
        for browser, more in ((everybody, {}), (anna, {"x-durahub-csrf": token})):
            for target in ("waits", "none", "done"):
                asked = {
                    "verb": "raise-event",
                    "target": target,
                    "arguments": {"name": "paid", "data": json.dumps(SENT["data"])},
                }
                path = f"/api/hubs/{hub}/actions"
                watched.keep(await browser.post(path, json=asked, headers=more))
