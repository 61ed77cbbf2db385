"""What the probes' observations say."""

import json
from dataclasses import asdict

import pytest
from hypothesis import given
from hypothesis import strategies as st

from durahub.errors import BadPlan
from durahub.model.ticks import Ticks
from durahub_migrate.moving.capabilities import Capabilities
from durahub_migrate.moving.place import PlaceKind
from durahub_migrate.probing.capabilities_file import decode, encode
from durahub_migrate.probing.judging import CHARACTERS, KINDS, LENGTHS, PROBES, judge

UNANSWERED = {name: {"why": "nobody answered"} for name in PROBES}


def test_nothing_is_concluded_from_probes_that_could_not_be_made() -> None:
    found = judge(UNANSWERED)
    assert found.probed
    unknown = {
        "refuses_duplicates",
        "ghost",
        "filters",
        "rewind_history",
        "backend",
        "past_timers",
        "entities",
        "tags",
        "drops_strays",
    }
    assert {name: getattr(found, name) for name in unknown} == dict.fromkeys(unknown)
    assert (found.longest_id, found.largest_payload) == (100, 1_048_576)
    assert not found.any_characters
    assert found.probes == UNANSWERED


@pytest.mark.parametrize(
    ("kept", "times", "runs_on", "expected"),
    [
        (True, True, True, True),
        (True, False, True, False),
        (False, None, None, False),
        (True, True, None, None),
        (None, None, None, None),
    ],
)
def test_a_history_counts_as_taken_over_only_if_all_of_it_is(
    kept: bool | None, times: bool | None, runs_on: bool | None, expected: bool | None
) -> None:
    seen = {"events_kept": kept, "times_kept": times, "runs_on": runs_on}
    assert judge({"P5": seen}).rewind_history is expected
    assert judge({"P6": seen}).backend is expected


@pytest.mark.parametrize(
    ("taken", "longest"),
    [
        ((), 99),
        ((100,), 100),
        ((100, 101), 101),
        ((100, 101, 256), 256),
        ((101, 256), 99),
        (LENGTHS, 0),
    ],
)
def test_the_longest_id_is_the_last_that_came_back(taken: tuple[int, ...], longest: int) -> None:
    lengths = {str(one): True if one in taken else "refused" for one in LENGTHS}
    assert judge({"P2": {"lengths": lengths}}).longest_id == longest


def test_one_character_that_is_refused_is_enough() -> None:
    taken: dict[str, object] = dict.fromkeys(CHARACTERS, True)
    assert judge({"P2": {"characters": taken}}).any_characters
    assert not judge({"P2": {"characters": taken | {"ideogram": "refused"}}}).any_characters


def test_the_least_of_all_kinds_bounds_payloads() -> None:
    sizes: dict[str, object] = dict.fromkeys(KINDS, 3_000_000)
    assert judge({"P3": sizes}).largest_payload == 3_000_000
    assert judge({"P3": sizes | {"event": 1_000_000}}).largest_payload == 1_000_000
    tried = {"tried": [1_000_000, 3_000_000]}
    assert judge({"P3": sizes | tried | {"event": 0}}).largest_payload == 999_999  # 0 is no limit
    del sizes["event"]
    assert judge({"P3": sizes}).largest_payload == 1_048_576


answers = st.none() | st.booleans()


@given(answers, answers, st.integers(0, 10**7), st.text())
def test_the_file_says_what_was_seen(
    ghost: bool | None, tags: bool | None, size: int, why: str
) -> None:
    seen = Capabilities(
        kind=PlaceKind.ENDPOINT,
        ghost=ghost,
        tags=tags,
        largest_payload=size,
        probes={"P8": {"why": why}},
    )
    text = encode(seen, "dts:http://localhost:8080/orders", Ticks(638_000_000_000_000_001))
    assert decode(text, "it") == (
        seen,
        "dts:http://localhost:8080/orders",
        Ticks(638_000_000_000_000_001),
    )


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        '{"format": "durahub-target-capabilities", "version": 2}',
        '{"format": "durahub-target-capabilities", "version": 1}',
        '{"format": "durahub-target-capabilities", "version": 1, "capabilities": 7, "probed": ""}',
        '{"format": "durahub-target-capabilities", "version": 1, "capabilities": {"kind": "moon"}}',
    ],
)
def test_a_file_that_is_none_is_told(text: str) -> None:
    with pytest.raises(BadPlan, match=r"capabilities\.json"):
        decode(text, "capabilities.json")


def test_members_that_are_not_known_yet_are_passed_over() -> None:
    seen = Capabilities(kind=PlaceKind.ENDPOINT)
    found = json.loads(encode(seen, "dts:http://x:1/y", Ticks(0)))
    found["capabilities"]["flies"] = True
    assert asdict(decode(json.dumps(found), "it")[0]) == asdict(seen)
