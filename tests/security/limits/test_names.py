"""Names, tags and nesting have a limit; what is beyond is named, with both numbers, and not quoted."""

import grpc
import pytest
from durabletask.internal import orchestrator_service_pb2 as pb
from durabletask.internal.orchestrator_service_pb2_grpc import TaskHubSidecarServiceStub
from hypothesis import given
from hypothesis import strategies as st

from durahub.engine.limits import CLASSIC, DTS, LONGEST_NAME, MOST_TAGS
from durahub.errors import TooLong, TooMany
from durahub.model import json_text
from tests.security.limits.test_grpc_port import channel, refused, served

LONG = "n" * (LONGEST_NAME + 1)


@pytest.mark.parametrize(
    ("method", "request_"),
    [
        ("StartInstance", pb.CreateInstanceRequest(name=LONG)),
        ("StartInstance", pb.CreateInstanceRequest(name="Ship", version={"value": LONG})),
        ("StartInstance", pb.CreateInstanceRequest(name="Ship", tags={LONG: "x"})),
        ("RaiseEvent", pb.RaiseEventRequest(instanceId="a", name=LONG)),
        ("SignalEntity", pb.SignalEntityRequest(instanceId="@till@1", name=LONG)),
    ],
    ids=["orchestrator", "version", "tag", "event", "operation"],
)
async def test_a_name_that_is_too_long_is_refused(method: str, request_: object) -> None:
    async with served() as port, channel(port) as to:
        code, said = await refused(getattr(TaskHubSidecarServiceStub(to), method)(request_))

        assert code is grpc.StatusCode.INVALID_ARGUMENT
        assert said.startswith("DH138: ")
        assert LONG not in said


async def test_more_tags_than_any_has_are_refused() -> None:
    tags = {f"tag{n}": "x" for n in range(MOST_TAGS + 1)}
    async with served() as port, channel(port) as to:
        stub = TaskHubSidecarServiceStub(to)
        code, said = await refused(
            stub.StartInstance(pb.CreateInstanceRequest(name="Ship", tags=tags))
        )

        assert code is grpc.StatusCode.INVALID_ARGUMENT
        assert said.startswith("DH137: ")


@pytest.mark.parametrize("limits", [CLASSIC, DTS], ids=lambda limits: limits.name)
def test_both_kinds_of_limits_bound_names_and_tags(limits: object) -> None:
    limits.check_name("the event", "n" * LONGEST_NAME)  # type: ignore[attr-defined]
    with pytest.raises(TooLong):
        limits.check_name("the event", LONG)  # type: ignore[attr-defined]
    with pytest.raises(TooMany):
        limits.check_tags("it", dict.fromkeys(map(str, range(MOST_TAGS + 1)), ""))  # type: ignore[attr-defined]


@given(st.integers(1, 2_000), st.sampled_from(["[]", "{}"]), st.integers(0, 3))
def test_json_is_read_to_its_deepest_level_and_no_further(depth: int, kind: str, flat: int) -> None:
    opening, closing = (kind[0], kind[1]) if kind == "[]" else ('{"a":', "}")
    innermost = "[]" if kind == "[]" else "{}"
    nested = opening * (depth - 1) + innermost + closing * (depth - 1)
    text = f"[{','.join([nested, *['[]'] * flat])}]"
    if depth + 1 > json_text.DEEPEST:
        with pytest.raises(json_text.Deep):
            json_text.read(text)
    else:
        assert json_text.write(json_text.read(text)) == text


def test_brackets_in_texts_do_not_count() -> None:
    assert json_text.read('["' + "[{" * 10_000 + '"]') == ["[{" * 10_000]
