"""Claims on a hub's tasks, as values."""

import pytest

from durahub.classic.claims import Claim, from_json, to_json
from durahub.model.ticks import Ticks

NOW = Ticks(638_000_000_000_000_000)


def test_a_claim_is_free_for_its_owner_and_for_anybody_when_its_time_is_over() -> None:
    claim = Claim("one", NOW)

    assert claim.is_free_for("one", Ticks(NOW - 1))
    assert not claim.is_free_for("two", Ticks(NOW - 1))
    assert claim.is_free_for("two", NOW)


def test_what_is_written_is_read_again() -> None:
    import json

    claim = Claim("ö:1", Ticks(NOW + 1))
    assert from_json(json.dumps(to_json(claim)).encode()) == claim


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"{}", b'{"owner": "a", "until": 7}', b"7"])
def test_what_is_no_claim_counts_as_none(content: bytes) -> None:
    assert from_json(content) is None
