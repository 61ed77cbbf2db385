"""Who gets in, and what he may do there: every refusal is shown."""

from typing import Any

import pytest
from starlette.applications import Starlette

from durahub.authorization.loopback import is_loopback
from durahub.authorization.static_tokens import Token, digest_of, new_token
from durahub.errors import LoginNeeded
from durahub.model.ticks import later
from durahub_migrate.monitor.access import Grant
from durahub_migrate.monitor.actions import Verb
from durahub_migrate.web.application import application
from durahub_migrate.web.csrf import Csrf
from durahub_migrate.web.settings import WebSettings
from durahub_migrate.web.who.granting import Rule, grants_of_person, local_grants
from durahub_migrate.web.who.hosts import is_known
from durahub_migrate.web.who.logins import Logins
from durahub_migrate.web.who.proxy import Proxy, networks
from tests.monitor.web.browsing import Browser
from tests.monitor.web.watched import NOW, SECRET, MemoryMonitor, two_hubs

TOKEN = "a-token-that-is-long-enough-to-be-one"
ACT = {"verb": "suspend", "target": "order/1", "reason": "a test"}


def app_of(monitor: MemoryMonitor, logins: Logins | None = None, **more: Any) -> Starlette:
    return application(monitor, logins=logins, clock=lambda: NOW, **more)


def tokened(*rules: Rule, **more: Any) -> Logins:
    return Logins(rules=rules, tokens=(Token("ci", digest_of(TOKEN), **more),))


def of_ci(*allows: str, hubs: tuple[str, ...] = ("*",)) -> Rule:
    return Rule(tokens=frozenset({"ci"}), hubs=hubs, allows=frozenset(allows))


def bearing(app: Starlette, token: str = TOKEN) -> Browser:
    return Browser(app, headers={"authorization": f"Bearer {token}"})


async def refused(answer: Any, status: int, code: str) -> str:
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
    return str(answer.json()["sentence"])


# -- hosts and origins ---------------------------------------------------------------------------


@pytest.mark.parametrize("host", ["localhost:8083", "127.0.0.1", "[::1]:8083", "ops.localhost"])
async def test_the_monitor_goes_by_the_names_of_this_machine(host: str) -> None:
    async with Browser(app_of(two_hubs()[2])) as browser:
        assert (await browser.get("/api/hubs", headers={"host": host})).status_code == 200


@pytest.mark.parametrize("host", ["evil.example.com", "192.0.2.7", "localhost.evil.com", "", "["])
@pytest.mark.parametrize("path", ["/api/hubs", "/"])
async def test_a_foreign_host_is_refused_before_anything_is_read(host: str, path: str) -> None:
    async with Browser(app_of(two_hubs()[2])) as browser:
        answer = await browser.get(path, headers={"host": host})

    await refused(answer, 403, "DH126")


async def test_a_name_that_is_configured_is_its_own() -> None:
    settings = WebSettings(hosts=("ops.example.com",))
    async with Browser(application(two_hubs()[2], settings)) as browser:
        assert (
            await browser.get("/api/hubs", headers={"host": "OPS.example.com:443"})
        ).status_code == 200


def test_an_address_is_taken_where_somebody_has_to_log_in() -> None:
    assert is_known("192.0.2.7:8083", (), addresses=True)
    assert not is_known("evil.example.com", (), addresses=True)
    assert is_known("whatever.example.com", ("*",), addresses=False)


async def test_a_page_of_another_origin_changes_nothing() -> None:
    orders, _, monitor = two_hubs()
    app = app_of(monitor, Logins(local=local_grants(actions=True)))
    async with Browser(app) as browser:
        await browser.start()
        answer = await browser.post(
            "/api/hubs/orders@local/actions", json=ACT, headers={"origin": "https://evil.example"}
        )

    await refused(answer, 403, "DH126")
    assert orders.done == []


@pytest.mark.parametrize("sent", ["", "made-up", "nonce.0123456789abcdef0123456789abcdef"])
async def test_without_the_right_token_against_forgery_nothing_is_changed(sent: str) -> None:
    orders, _, monitor = two_hubs()
    app = app_of(monitor, Logins(local=local_grants(actions=True)))
    async with Browser(app) as browser:
        await browser.start()
        answer = await browser.post(
            "/api/hubs/orders@local/actions", json=ACT, headers={"x-durahub-csrf": sent}
        )

    await refused(answer, 403, "DH126")
    assert orders.done == []


async def test_the_token_against_forgery_is_worth_nothing_without_its_cookie() -> None:
    app = app_of(two_hubs()[2], Logins(local=local_grants(actions=True)))
    async with Browser(app) as browser:
        await browser.start()
        browser.cookies.clear()
        answer = await browser.post("/api/hubs/orders@local/actions", json=ACT)

    await refused(answer, 403, "DH126")


async def test_a_cookie_that_was_planted_does_not_do() -> None:
    mine, other = Csrf(), Csrf()

    assert mine.accepts(token := mine.give(None), token)
    assert mine.give(token) == token
    assert not mine.accepts(planted := other.give(None), planted)
    assert mine.cookie != other.cookie


async def test_a_form_of_another_page_cannot_send_json() -> None:
    app = app_of(two_hubs()[2], Logins(local=local_grants(actions=True)))
    async with Browser(app) as browser:
        await browser.start()
        answer = await browser.post(
            "/api/hubs/orders@local/actions", content=b"{}", headers={"content-type": "text/plain"}
        )

    assert "application/json" in await refused(answer, 400, "DH107")


# -- loopback ------------------------------------------------------------------------------------


async def test_another_machine_does_not_come_in_without_a_login() -> None:
    async with Browser(app_of(two_hubs()[2]), address="192.0.2.7") as browser:
        await refused(await browser.get("/api/hubs"), 401, "DH320")
        session = await browser.json("/api/session")

    assert (session["user"], session["may"], session["readOnly"]) == (None, {}, True)


@pytest.mark.parametrize("header", ["x-forwarded-for", "forwarded", "x-real-ip"])
async def test_what_a_proxy_passed_on_does_not_come_from_this_machine(header: str) -> None:
    async with Browser(app_of(two_hubs()[2])) as browser:
        answer = await browser.get("/api/hubs", headers={header: "192.0.2.7"})

    await refused(answer, 401, "DH320")


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.7", "ops.example.com"])
def test_listening_elsewhere_without_a_login_is_refused(host: str) -> None:
    with pytest.raises(LoginNeeded, match=host):
        Logins().check_listening(host)

    Logins(anonymous=True).check_listening(host)
    tokened().check_listening(host)


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "localhost", "127.1.2.3"])
def test_listening_to_this_machine_needs_no_login(host: str) -> None:
    Logins().check_listening(host)
    assert is_loopback(host)


async def test_a_monitor_is_read_only_unless_told_otherwise() -> None:
    orders, _, monitor = two_hubs()
    async with Browser(app_of(monitor)) as browser:
        session = await browser.start()
        answer = await browser.post("/api/hubs/orders@local/actions", json=ACT)

    assert session["readOnly"]
    assert "may not suspend at orders@local" in await refused(answer, 403, "DH319")
    assert orders.done == []


async def test_who_may_act_at_this_machine_acts() -> None:
    orders, _, monitor = two_hubs()
    app = app_of(monitor, Logins(local=local_grants(actions=True), local_name="anna"))
    async with Browser(app) as browser:
        session = await browser.start()
        answer = await browser.post("/api/hubs/orders@local/actions", json=ACT)

    assert session["user"] == {"name": "anna", "via": "loopback"}
    assert not session["readOnly"]
    assert "delete-hub" in session["mayAll"]
    assert answer.json()["instances"] == 1
    assert [one.verb for one in orders.done] == [Verb.SUSPEND]


async def test_everybody_reads_where_that_is_allowed_but_no_payloads() -> None:
    async with Browser(
        app_of(two_hubs()[2], Logins(anonymous=True)), address="192.0.2.7"
    ) as browser:
        session = await browser.start()
        found = await browser.get("/api/instances")

    assert session["user"] == {"name": "anonymous", "via": "anonymous"}
    assert session["may"]["orders@local"] == ["read"]
    assert SECRET not in found.text


# -- tokens --------------------------------------------------------------------------------------


async def test_a_token_opens_what_it_is_granted_without_cookies() -> None:
    orders, _, monitor = two_hubs()
    async with bearing(app_of(monitor, tokened(of_ci("suspend")))) as browser:
        answer = await browser.post("/api/hubs/orders@local/actions", json=ACT)

    assert answer.status_code == 200
    assert len(orders.done) == 1


@pytest.mark.parametrize("given", ["Bearer nonsense", "Bearer", "Bearer " + digest_of(TOKEN)])
async def test_an_unknown_token_is_refused_and_not_quoted(given: str) -> None:
    async with Browser(app_of(two_hubs()[2], tokened(of_ci("read")))) as browser:
        answer = await browser.get("/api/hubs", headers={"authorization": given})
        session = await browser.get("/api/session", headers={"authorization": given})

    assert "nonsense" not in await refused(answer, 401, "DH320")
    assert session.status_code == 401


async def test_an_expired_token_is_refused() -> None:
    logins = tokened(of_ci("read"), expires=NOW)
    async with bearing(app_of(two_hubs()[2], logins)) as browser:
        assert "ci has expired" in await refused(await browser.get("/api/hubs"), 401, "DH320")

    logins = tokened(of_ci("read"), expires=later(NOW, 1))
    async with bearing(app_of(two_hubs()[2], logins)) as browser:
        assert (await browser.get("/api/hubs")).status_code == 200


async def test_where_a_login_is_configured_this_machine_needs_one_too() -> None:
    async with Browser(app_of(two_hubs()[2], tokened(of_ci("read")))) as browser:
        await refused(await browser.get("/api/hubs"), 401, "DH320")


def test_only_a_hash_of_a_token_is_kept() -> None:
    token = Token("ci", digest_of(TOKEN))

    assert TOKEN not in repr(token)
    assert token.digest not in repr(token)
    assert new_token() != new_token()


# -- proxy ---------------------------------------------------------------------------------------


def proxied(*rules: Rule) -> Logins:
    proxy = Proxy(
        header="x-user", groups_header="x-groups", networks=networks(("10.1.0.0/16", "::1"))
    )
    return Logins(rules=rules, proxy=proxy)


async def test_the_proxy_names_the_user_and_his_groups() -> None:
    rules = (
        Rule(users=frozenset({"anna"}), hubs=("orders@*",)),
        Rule(groups=frozenset({"ops"}), hubs=("payments@*",), allows=frozenset({"purge"})),
    )
    headers = {"x-user": "anna", "x-groups": "dev, ops"}
    async with Browser(
        app_of(two_hubs()[2], proxied(*rules)), address="10.1.2.3", headers=headers
    ) as browser:
        session = await browser.json("/api/session")

    assert session["user"] == {"name": "anna", "via": "proxy"}
    assert session["may"] == {"orders@local": ["read"], "payments@local": ["purge", "read"]}


@pytest.mark.parametrize("address", ["10.2.0.1", "127.0.0.1", "nowhere"])
async def test_the_header_of_anybody_else_names_nobody(address: str) -> None:
    everybody = Rule(users=frozenset({"*"}))
    async with Browser(
        app_of(two_hubs()[2], proxied(everybody)), address=address, headers={"x-user": "anna"}
    ) as browser:
        await refused(await browser.get("/api/hubs"), 401, "DH320")


@pytest.mark.parametrize("name", ["x-user", "x-groups", "authorization"])
async def test_who_is_named_twice_is_nobody(name: str) -> None:
    proxy = Proxy(header="x-user", groups_header="x-groups", networks=networks(["127.0.0.0/8"]))
    rule = Rule(users=frozenset({"anna"}))
    app = app_of(two_hubs()[2], Logins(rules=(rule,), proxy=proxy))
    once = [("x-user", "anna"), ("x-groups", "ops")]
    async with Browser(app) as browser:
        assert (await browser.get("/api/hubs", headers=once)).status_code == 200
        twice = [*once, (name, "root"), (name.title(), "root")]
        said = await refused(await browser.get("/api/hubs", headers=twice), 401, "DH320")
    assert f"{name} is there more than once" in said


async def test_a_proxy_that_names_nobody_lets_nobody_in() -> None:
    async with Browser(
        app_of(two_hubs()[2], proxied(Rule(users=frozenset({"*"})))), address="10.1.0.1"
    ) as browser:
        await refused(await browser.get("/api/hubs", headers={"x-user": " "}), 401, "DH320")


def test_an_address_of_version_4_in_one_of_version_6_is_the_same() -> None:
    proxy = Proxy(header="x-user", groups_header=None, networks=networks(("10.1.0.0/16",)))

    assert proxy.trusts("::ffff:10.1.2.3")
    assert not proxy.trusts(None)


# -- grants --------------------------------------------------------------------------------------


def test_whoever_may_do_anything_may_read() -> None:
    grants = Rule(users=frozenset({"anna"}), allows=frozenset({"purge"})).grants()

    assert grants == (Grant("*", frozenset({"purge", "read"})),)


def test_act_is_every_action_that_takes_nothing_away() -> None:
    (grant,) = Rule(users=frozenset({"anna"}), allows=frozenset({"act"})).grants()

    assert {"suspend", "rewind", "start", "read"} <= grant.allows
    assert not {"purge", "delete-hub", "delete-blobs", "delete-entity", "payloads"} & grant.allows


def test_grants_are_of_users_and_groups_and_not_of_tokens_of_that_name() -> None:
    rules = (of_ci("purge"), Rule(users=frozenset({"anna"})), Rule(groups=frozenset({"ci"})))

    assert grants_of_person(rules, "ci") == ()
    assert len(grants_of_person(rules, "anna", ("ci",))) == 2


READS = (
    "/api/hubs/orders@local",
    "/api/hubs/orders@local/instance?id=order/1",
    "/api/hubs/orders@local/history?id=order/1",
    "/api/hubs/orders@local/timeline?id=order/1",
    "/api/hubs/orders@local/payload?id=order/1&member=output",
    "/api/hubs/orders@local/why?id=order/1",
    "/api/hubs/orders@local/family?id=order/1",
    "/api/hubs/orders@local/partitions",
    "/api/hubs/orders@local/messages?queue=orders-control-00",
    "/api/hubs/orders@local/storage",
    "/api/hubs/orders@local/orphaned-blobs",
    "/api/instances?hub=orders@local",
    "/api/counts?hub=orders@local",
    "/api/histogram?hub=orders@local",
    "/api/ids?hub=orders@local",
    "/api/stuck?hub=orders@local",
    "/api/events?hub=orders@local",
)


@pytest.mark.parametrize("path", READS)
async def test_a_hub_that_is_not_granted_does_not_exist(path: str) -> None:
    logins = tokened(of_ci("*", hubs=("payments@*",)))
    async with bearing(app_of(two_hubs()[2], logins)) as browser:
        answer = await browser.get(path)
        other = await browser.get(path.replace("orders@local", "nothing@local"))

    said = await refused(answer, 404, "DH201")
    assert said.replace("orders", "nothing") == other.json()["sentence"]


async def test_a_hub_that_is_not_granted_is_not_acted_upon() -> None:
    orders, _, monitor = two_hubs()
    logins = tokened(of_ci("*", hubs=("payments@*",)))
    async with bearing(app_of(monitor, logins)) as browser:
        await refused(await browser.post("/api/hubs/orders@local/actions", json=ACT), 404, "DH201")

    assert orders.done == []


async def test_lists_counts_and_completions_are_of_granted_hubs_alone() -> None:
    logins = tokened(of_ci("read", hubs=("payments@*",)))
    async with bearing(app_of(two_hubs()[2], logins)) as browser:
        listed = await browser.json("/api/hubs")
        found = await browser.json("/api/instances", total=1)
        counts = await browser.json("/api/counts")
        bars = await browser.json("/api/histogram")
        ids = await browser.json("/api/ids")
        stuck = await browser.json("/api/stuck")
        hubs = await browser.json("/api/query", q="hub:")
        names = await browser.json("/api/query", q="name:")
        asked = await browser.json("/api/instances", q="hub:orders or -id:x", total=1)
        session = await browser.json("/api/session")

    assert [one["ref"]["key"] for one in listed] == ["payments@local"]
    assert {row["hub"] for row in found["rows"]} == {"payments@local"}
    assert list(found["freshness"]) == ["payments@local"]
    assert found["total"] == counts["total"] == asked["total"] == 2
    assert list(counts["names"]) == ["Payment"]
    assert bars[0]["counts"] == {"Running": 2}
    assert ids == ["pay-1", "pay-2"]
    assert {one["hub"] for one in stuck} == {"payments@local"}
    assert [one["text"] for one in hubs["completions"]] == ["payments@local"]
    assert [one["text"] for one in names["completions"]] == ["Payment"]
    assert list(session["may"]) == ["payments@local"]


async def test_who_is_granted_nothing_sees_nothing() -> None:
    async with bearing(app_of(two_hubs()[2], tokened())) as browser:
        assert await browser.json("/api/hubs") == []
        assert (await browser.json("/api/instances", total=1))["total"] == 0
        assert await browser.json("/api/ids") == []


# -- payloads ------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", [*(path for path in READS if "events" not in path), "/api/hubs"])
async def test_without_the_grant_no_payload_is_in_any_answer(path: str) -> None:
    logins = tokened(of_ci("read"))
    async with bearing(app_of(two_hubs()[2], logins)) as browser:
        answer = await browser.get(path)

    assert SECRET not in answer.text
    if "payload" in path:
        await refused(answer, 403, "DH319")
    else:
        assert answer.status_code == 200


async def test_with_the_grant_payloads_are_there() -> None:
    async with bearing(app_of(two_hubs()[2], tokened(of_ci("read", "payloads")))) as browser:
        found = await browser.get("/api/hubs/orders@local/instance?id=order/1")
        file = await browser.get("/api/hubs/orders@local/payload?id=order/1&member=output")

    assert SECRET in found.text
    assert file.text == f'"{SECRET}"'
    assert file.headers["content-type"] == "text/plain; charset=utf-8"
    assert file.headers["content-disposition"] == 'attachment; filename="order_1-output.txt"'


@pytest.mark.parametrize("query", ["output~4711", "-custom~4711", "(input:x or name:y)", "error~x"])
async def test_what_may_not_be_seen_cannot_be_searched_either(query: str) -> None:
    async with bearing(app_of(two_hubs()[2], tokened(of_ci("read")))) as browser:
        answer = await browser.get("/api/instances", params={"q": query})
        sorted_by = await browser.get("/api/instances?sort=output")

    await refused(answer, 403, "DH319")
    await refused(sorted_by, 403, "DH319")


async def test_a_bare_word_is_looked_for_in_names_where_payloads_are_hidden() -> None:
    async with bearing(app_of(two_hubs()[2], tokened(of_ci("read")))) as browser:
        by_payload = await browser.json("/api/instances", q="4711", total=1)
        by_name = await browser.json("/api/instances", q="Refund", total=1)

    assert (by_payload["total"], by_name["total"]) == (0, 1)


async def test_payloads_may_be_granted_at_one_hub_alone() -> None:
    logins = tokened(of_ci("read"), of_ci("payloads", hubs=("payments@*",)))
    async with bearing(app_of(two_hubs()[2], logins)) as browser:
        rows = (await browser.json("/api/instances"))["rows"]

    assert {row["hub"] for row in rows if row["output"]} == {"payments@local"}


async def test_a_reason_can_be_required() -> None:
    orders, _, monitor = two_hubs()
    logins = Logins(local=local_grants(actions=True))
    app = application(monitor, WebSettings(require_reason=True), logins=logins)
    async with Browser(app) as browser:
        session = await browser.start()
        answer = await browser.post("/api/hubs/orders@local/actions", json={**ACT, "reason": "  "})
        preview = await browser.post(
            "/api/hubs/orders@local/actions", json={**ACT, "reason": None, "dryRun": True}
        )

    assert session["settings"]["requireReason"]
    assert "say why" in await refused(answer, 400, "DH107")
    assert preview.json()["rows"] == 3
    assert orders.done == []


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ([], "is a JSON object"),
        ({"verb": "explode"}, "verb is one of start,"),
        ({"verb": "suspend", "target": 7}, "target has to be a text"),
        ({"verb": "suspend", "dryRun": "yes"}, "dryRun has to be true or false"),
        ({"target": "order/1"}, "lacks the member verb"),
        ({"verb": "suspend", "targets": []}, "no member 'targets'"),
    ],
)
async def test_a_body_that_does_not_fit_is_told_with_its_member(body: Any, says: str) -> None:
    app = app_of(two_hubs()[2], Logins(local=local_grants(actions=True)))
    async with Browser(app) as browser:
        await browser.start()
        answer = await browser.post("/api/hubs/orders@local/actions", json=body)

    assert says in await refused(answer, 400, "DH107")
