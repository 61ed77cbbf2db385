"""Status codes: one table for all errors, one guard for all calls."""

import grpc
import pytest

from durahub.edge.metadata import Caller, caller_of
from durahub.edge.status import code_of
from durahub.engine.numbering import Counting
from durahub.errors import (
    DurahubError,
    HubNotFound,
    InstanceExists,
    Refused,
    StorageUnavailable,
    UsageError,
    WorkItemNotFound,
    WrongStatus,
    all_errors,
)

RETRIES_ALIKE = Counting.FROM_ONE_RETRIES_ALIKE


@pytest.mark.parametrize("error", all_errors().values(), ids=lambda error: error.__name__)
def test_every_error_has_a_code_of_its_own_kind(error: type[DurahubError]) -> None:
    code = code_of(error)
    assert code not in (grpc.StatusCode.INTERNAL, grpc.StatusCode.UNKNOWN)
    if issubclass(error, UsageError):
        assert code is grpc.StatusCode.INVALID_ARGUMENT


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (HubNotFound, grpc.StatusCode.NOT_FOUND),
        (WorkItemNotFound, grpc.StatusCode.NOT_FOUND),
        (InstanceExists, grpc.StatusCode.ALREADY_EXISTS),
        (WrongStatus, grpc.StatusCode.FAILED_PRECONDITION),
        (StorageUnavailable, grpc.StatusCode.UNAVAILABLE),
    ],
)
def test_clients_know_these_codes(error: type[DurahubError], code: grpc.StatusCode) -> None:
    assert code_of(error) is code


def test_a_class_stands_for_those_below_it() -> None:
    class Later(Refused):
        code = "DH399"

    assert code_of(Later) is grpc.StatusCode.FAILED_PRECONDITION


def test_metadata_tells_hub_worker_and_agent() -> None:
    metadata = [("TaskHub", " Orders "), ("workerid", "h,1,ab"), ("x-user-agent", "a/1")]
    assert caller_of(metadata) == Caller(task_hub="Orders", worker_id="h,1,ab", agent="a/1")


@pytest.mark.parametrize(
    ("agent", "library", "counting"),
    [
        ("durabletask-python/1.12.0", "grpc-python/1.78.0 grpc-c/52.0.0", RETRIES_ALIKE),
        (None, "grpc-python/1.78.0 grpc-c/52.0.0 (linux; chttp2)", RETRIES_ALIKE),
        (None, "grpc-python-asyncio/1.78.0", Counting.AS_STORED),
        ("durabletask-js/0.4.0", "grpc-node-js/1.14.0", Counting.FROM_ONE),
        (None, "grpc-node-js/1.14.0", Counting.FROM_ONE),
        (None, "durabletask-js grpc-node-js/1.14.7", Counting.FROM_ONE),
        ("durabletask-dotnet/1.25.0", "grpc-dotnet/2.85.0", Counting.AS_STORED),
        (None, "grpc-dotnet/2.85.0 (.NET 10.0.0)", Counting.AS_STORED),
        (None, "grpc-java-netty/1.69.0", Counting.AS_STORED),
        (None, "grpc-go/1.70.0", Counting.AS_STORED),
        ("mine/1", "grpc-python/1.78.0", RETRIES_ALIKE),
        (None, "", Counting.AS_STORED),
    ],
)
def test_metadata_tells_how_a_worker_counts(
    agent: str | None, library: str, counting: Counting
) -> None:
    assert Caller(agent=agent, library=library).counting is counting


@pytest.mark.parametrize("metadata", [None, [], [("taskhub", "")], [("taskhub-bin", b"x")]])
def test_metadata_need_not_tell_anything(metadata: list | None) -> None:
    assert caller_of(metadata) == Caller()
