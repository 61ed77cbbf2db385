"""The file of known findings."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from durahub.errors import BadBaseline
from durahub_migrate.lint.baseline import Baseline, compare, read_baseline, updated, written
from durahub_migrate.lint.finding import Finding, Severity
from durahub_migrate.lint.place import Place, PlaceKind

BASELINE = Baseline({"IDN501": {"a": 1, "b": 2}, "PAY401": {"c": 1}})
JUDGED = frozenset({"IDN501"})


@given(
    st.dictionaries(
        st.text(min_size=1),
        st.dictionaries(st.text(), st.integers(min_value=1), min_size=1),
    )
)
def test_what_was_written_is_read_again(findings: dict[str, dict[str, int]]) -> None:
    assert read_baseline(written(Baseline(findings)), "f") == Baseline(findings)


def test_the_file_is_sorted_so_that_versions_of_it_can_be_compared() -> None:
    assert written(Baseline({"PAY401": {"c": 1}, "IDN501": {"b": 2, "a": 1}})) == written(BASELINE)


def test_a_finding_is_known_wherever_its_hub_is() -> None:
    def at(source: str) -> Finding:
        place = Place(source=source, kind=PlaceKind.INSTANCE, key="secret-customer")
        return Finding(code="IDN501", severity=Severity.ERROR, place=place, detail="d")

    baseline = Baseline({"IDN501": {at("azurite:orders").fingerprint: 1}})

    assert baseline.knows(at("storage:account/orders"))
    assert "secret-customer" not in written(baseline)


def test_what_is_not_found_any_more_is_fixed_if_its_rule_was_judged() -> None:
    change = compare(BASELINE, [("IDN501", "a", 1), ("IDN501", "z", 1)], JUDGED)

    assert (change.known, change.new, change.fixed) == (1, 1, {"IDN501": 1})


def test_an_update_drops_what_is_fixed_and_keeps_what_was_not_judged() -> None:
    assert updated(BASELINE, [("IDN501", "a", 1)], JUDGED) == Baseline(
        {"IDN501": {"a": 1}, "PAY401": {"c": 1}}
    )


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{}", '{"version": 2, "findings": {}}', '{"version": 1, "findings": {"a": 1}}'],
)
def test_another_file_is_no_baseline(text: str) -> None:
    with pytest.raises(BadBaseline, match=r"known\.json"):
        read_baseline(text, "known.json")
