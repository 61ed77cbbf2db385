"""Rules about IDs: exact at their limits, and right about every collision in a hub."""

from collections.abc import Iterable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from durahub_migrate.lint.examples import an_instance, limited, moving
from durahub_migrate.lint.facts.instances import InstanceFacts
from durahub_migrate.lint.judging import judge
from durahub_migrate.lint.rules.idn import RULES
from durahub_migrate.lint.rules.idn.identifiers import length
from durahub_migrate.lint.target import Given

ids = st.text("aAb@ ", min_size=1, max_size=4)


def found(code: str, facts: Iterable[InstanceFacts], given: Given) -> set[str]:
    rules = [rule for rule in RULES if rule.code == code]
    return {one.place.key for one in judge(rules, facts, given)}


def codes_of(instance_id: str) -> set[str]:
    return {one.code for one in judge(RULES, [an_instance(instance_id)], moving())}


@pytest.mark.parametrize(
    ("instance_id", "codes"),
    [
        ("a" * 100, set()),
        ("a" * 101, {"IDN501"}),
        ("@counter@" + "a" * 91, set()),
        ("@counter@" + "a" * 92, {"IDN505"}),
        ("@" + "a" * 100, {"IDN501", "IDN504"}),
        ("@@key", {"IDN504"}),
        (" ~", set()),
        ("\x1f", {"IDN502"}),
        ("\x7f", {"IDN502"}),
        ("é", {"IDN502"}),
        ("😀" * 50, {"IDN502"}),
        ("😀" * 51, {"IDN501", "IDN502"}),
        ("a/b", {"IDN503"}),
        ("@Counter@a", {"IDN510"}),
    ],
)
def test_an_id_breaks_the_rules_that_it_breaks(instance_id: str, codes: set[str]) -> None:
    assert codes_of(instance_id) == codes


@given(st.text())
def test_a_length_counts_as_dotnet_counts_it(text: str) -> None:
    assert length(text) == sum(2 if ord(one) > 0xFFFF else 1 for one in text)


@given(st.sets(ids, max_size=12))
def test_exactly_the_ids_that_would_be_cut_to_one_are_found(hub: set[str]) -> None:
    expected = {
        one
        for one in hub
        if len(one) >= 2
        and any(len(other) >= 2 and other != one and other[:2] == one[:2] for other in hub)
    }
    facts = [an_instance(one) for one in hub]
    assert found("IDN506", facts, limited(id_most=2)) == expected


@given(st.sets(ids, max_size=12))
def test_of_ids_that_differ_in_case_or_blanks_all_but_the_first_are_found(hub: set[str]) -> None:
    expected = {
        one for one in hub if any(_folded(other) == _folded(one) and other < one for other in hub)
    }
    assert found("IDN508", [an_instance(one) for one in hub], moving()) == expected


@given(st.sets(ids, max_size=8), st.dictionaries(ids, st.sampled_from("abcd"), max_size=8))
def test_of_instances_that_get_one_id_all_but_the_first_are_found(
    hub: set[str], id_map: dict[str, str]
) -> None:
    new = {one: id_map.get(one, one) for one in hub}
    expected = {one for one in hub if any(new[o] == new[one] and o < one for o in hub)}
    refused = {one for one in hub & set(id_map) if one.startswith("@") and "@" in one[1:]}
    facts = [an_instance(one) for one in hub]
    assert found("IDN513", facts, moving(id_map=id_map)) == expected | refused


@pytest.mark.parametrize("code", ["IDN506", "IDN508"])
def test_instances_of_two_hubs_do_not_collide(code: str) -> None:
    one, other = an_instance("A" * 101), an_instance("a" * 101 if code == "IDN508" else "A" * 102)
    elsewhere = replace(other, place=replace(other.place, source="azurite:invoices"))
    assert found(code, [one, other], moving())
    assert not found(code, [one, elsewhere], moving())


def _folded(text: str) -> str:
    return text.strip().casefold()
