"""An ID or a name is a value wherever it goes: no part of a filter, a key, a path, a header or a label."""

import base64
import json
import re
from collections.abc import Iterator

import grpc.aio
import httpx
import pytest
from durabletask.internal import orchestrator_service_pb2 as pb
from durabletask.internal.orchestrator_service_pb2_grpc import TaskHubSidecarServiceStub
from hypothesis import example, given
from hypothesis import strategies as st

from durahub.classic.instance_query import condition
from durahub.classic.keys import escape, unescape
from durahub.classic.payloads import blob_name_of, blob_url
from durahub.classic.tables import literal
from durahub.edge.web.functions_links import Place, management_payload
from durahub.store import InstanceQuery
from tests.security.limits.test_grpc_port import channel, served
from tests.security.limits.test_http_port import served as served_http

HOSTILE = (
    "a' or 1 eq 1 or PartitionKey eq '",
    "a'; DROP TABLE instances; --",
    'a"b\\c',
    "../../etc/passwd",
    "..%2F..%2Fhub",
    "%00",
    "a/b/../../c?d#e",
    "a\r\nset-cookie: x=y",
    "a\nb\tc",
    "<script>alert(1)</script>",
    "{__class__}{0}%s%n",
    "${jndi:ldap://x/}",
    "=cmd|'/c calc'!A1",
    "\u202eexe.gpj",
    "\ufeff\u2028\ufffd",
    "CON",
    "a" * 256,
    "%",
    "_",
    "*",
    "[a-z]",
    "^0^1",
)


@given(st.text())
@example("' or 1 eq 1 or '")
def test_a_literal_of_a_filter_ends_where_its_text_ends(text: str) -> None:
    whole = literal(text)

    assert re.fullmatch(r"'(?:[^']|'')*'", whole, re.DOTALL)
    assert whole[1:-1].replace("''", "'") == text


@given(st.text(min_size=1, max_size=40))
@example("' or PartitionKey ge '")
def test_a_prefix_adds_no_condition_to_a_filter(prefix: str) -> None:
    without = re.sub(
        r"'(?:[^']|'')*'", "''", condition(InstanceQuery(prefix=prefix), None), flags=re.DOTALL
    )
    plain = condition(InstanceQuery(prefix=prefix[0] if prefix[0] == "@" else "a"), None)

    assert set(re.findall(r"[A-Za-z]+", without)) <= set(re.findall(r"[A-Za-z]+", plain))


@given(st.text(st.characters(exclude_categories=("Cs",))))
def test_a_key_holds_nothing_that_tables_refuse_or_that_ends_a_segment(instance_id: str) -> None:
    key = escape(instance_id)

    assert not re.search(r"[/\\#?\x00-\x1f\x7f-\x9f]", key)
    assert unescape(key) == instance_id


@given(st.text(st.characters(exclude_categories=("Cs",)), min_size=1))
@example("../other-container/secret")
@example("..")
def test_the_address_of_a_blob_stays_within_its_container(name: str) -> None:
    container = "https://a.blob.core.windows.net/orders-largemessages"
    url = blob_url(container, f"{name}/message-1.json.gz")

    assert url.startswith(f"{container}/")
    assert not re.search(r"[?#\s\\]", url)
    assert blob_name_of(url, container) == f"{name}/message-1.json.gz"


@given(st.text(st.characters(exclude_categories=("Cs",))), st.text(max_size=20))
@example("a\r\nset-cookie: x=y", "k\r\nx: y")
def test_the_links_of_an_instance_are_ascii_and_of_one_line(instance_id: str, key: str) -> None:
    place = Place(
        "http://a/runtime/webhooks/durabletask",
        "orders",
        key=key.encode("utf-8", "ignore").decode(),
    )

    for name, link in management_payload(place, instance_id).items():
        if name != "id":
            assert re.fullmatch(r"[\x21-\x7e]+", link)
            assert link.startswith("http://a/runtime/webhooks/durabletask/instances/")
            assert link.count("taskHub=orders") == 1


async def test_an_instance_is_found_by_its_id_whatever_that_holds_and_nothing_else_is() -> None:
    async with served() as port, channel(port) as to:
        stub = TaskHubSidecarServiceStub(to)
        for one in HOSTILE:
            started = await stub.StartInstance(pb.CreateInstanceRequest(instanceId=one, name=one))
            assert started.instanceId == one
        for one in HOSTILE:
            found = await stub.GetInstance(pb.GetInstanceRequest(instanceId=one))
            assert found.orchestrationState.instanceId == one
            assert found.orchestrationState.name == one
            wanted = pb.InstanceQuery(maxInstanceCount=100)
            wanted.instanceIdPrefix.value = one
            listed = await stub.QueryInstances(pb.QueryInstancesRequest(query=wanted))
            ids = [state.instanceId for state in listed.orchestrationState]
            assert ids == [other for other in sorted(HOSTILE) if other.startswith(one)]
        terminated = pb.TerminateRequest(instanceId=HOSTILE[0])
        await stub.TerminateInstance(terminated)
        everything = await stub.QueryInstances(
            pb.QueryInstancesRequest(query=pb.InstanceQuery(maxInstanceCount=100))
        )
        assert len(everything.orchestrationState) == len(HOSTILE)


async def test_http_answers_any_path_and_header_with_an_error_of_its_own() -> None:
    async with (
        served_http() as port,
        httpx.AsyncClient(timeout=60, base_url=f"http://127.0.0.1:{port}") as http,
    ):
        for one in HOSTILE:
            quoted = "".join(f"%{byte:02X}" for byte in one.encode())
            for path in (
                f"/runtime/webhooks/durabletask/instances/{quoted}",
                f"/runtime/webhooks/durabletask/entities/{quoted}/{quoted}",
                f"/v1/taskhubs/{quoted}/orchestrations/x",
                f"/{quoted}",
            ):
                answer = await http.get(path, params={"taskHub": one, "connection": one})
                assert answer.status_code in (400, 404), (path, answer.status_code)
                assert "set-cookie" not in answer.headers
                assert "text/html" not in answer.headers.get("content-type", "")
            started = await http.post(
                f"/runtime/webhooks/durabletask/orchestrators/{quoted}/{quoted}"
            )
            assert started.status_code == 202
            assert "set-cookie" not in started.headers
            assert started.json()["id"] == one
        scraped = (await http.get("/metrics")).text
        assert all(
            re.match(r'^(#.*|[a-z_]+(\{([a-z_]+="[^"\\\n]*",?)*\})? [-+0-9.e]+|)$', line)
            for line in scraped.split("\n")
        )


def tokens() -> Iterator[str]:
    yield from ("", "x", "AAAA", "\u00e9", "=" * 9)
    values = (
        [],
        {},
        1,
        None,
        ["a"],
        [1, 2, 3],
        ["x" * 9_000, "y"],
        {"a": 1},
        [None, None],
        [[], []],
    )
    for value in values:
        yield base64.urlsafe_b64encode(json.dumps(value).encode()).decode()
    yield base64.urlsafe_b64encode(b"[" * 100_000).decode()
    yield base64.urlsafe_b64encode(b"1" * 5_000).decode()
    yield base64.urlsafe_b64encode(b"\xff\xfe").decode()


@pytest.mark.parametrize("token", list(tokens()), ids=lambda token: token[:12])
async def test_a_token_that_nobody_gave_out_is_an_invalid_argument(token: str) -> None:
    async with served() as port, channel(port) as to:
        wanted = pb.InstanceQuery(maxInstanceCount=1)
        wanted.continuationToken.value = token
        stub = TaskHubSidecarServiceStub(to)
        entities = pb.EntityQuery()
        entities.continuationToken.value = token
        for call in (
            stub.QueryInstances(pb.QueryInstancesRequest(query=wanted)),
            stub.QueryEntities(pb.QueryEntitiesRequest(query=entities)),
            stub.ListInstanceIds(
                pb.ListInstanceIdsRequest(pageSize=1, lastInstanceKey={"value": token})
            ),
        ):
            assert await code_of(call) in (grpc.StatusCode.OK, grpc.StatusCode.INVALID_ARGUMENT)


async def code_of(call: grpc.aio.UnaryUnaryCall) -> grpc.StatusCode:
    return await call.code()
