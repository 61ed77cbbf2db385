"""The reuse policy: what a start of an existing ID comes to."""

import pytest

from durahub.engine.reuse import Reuse, decide
from durahub.model.history import Status

LIVE = {Status.Running, Status.Suspended, Status.Pending}


@pytest.mark.parametrize("status", [s for s in Status if s is not Status.ContinuedAsNew])
def test_without_a_policy_only_what_has_ended_is_replaced(status: Status) -> None:  # [23]
    wanted = Reuse.REJECT if status in LIVE else Reuse.REPLACE
    assert decide(status, None) is wanted


@pytest.mark.parametrize("status", list(Status))
def test_an_empty_policy_protects_every_status(status: Status) -> None:
    assert decide(status, frozenset()) is Reuse.REJECT


@pytest.mark.parametrize("status", [s for s in Status if s is not Status.ContinuedAsNew])
def test_a_policy_replaces_what_it_names_and_ends_first_what_runs(status: Status) -> None:  # [24]
    wanted = (
        Reuse.TERMINATE_FIRST if status in (Status.Running, Status.Suspended) else Reuse.REPLACE
    )
    assert decide(status, frozenset(Status)) is wanted
