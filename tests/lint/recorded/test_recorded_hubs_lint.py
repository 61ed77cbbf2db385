"""The recorded .NET hubs lint with exactly the findings that reviewed files name."""

from dataclasses import replace

import pytest

from durahub_migrate.lint.finding import Severity
from durahub_migrate.lint.rules import RULES
from tests.conftest import Storage
from tests.golden.recorded import HUBS, RecordedHub
from tests.lint.recorded import expectations
from tests.lint.recorded.linting import (
    PROFILES,
    findings_by_profile,
    sentences_without_storage,
)

each_hub = pytest.mark.parametrize("hub", HUBS, ids=str)


@pytest.mark.azurite
@each_hub
async def test_a_recorded_hub_lints_with_exactly_what_was_reviewed(
    hub: RecordedHub, azurite: Storage, hub_name: str
) -> None:
    found = await findings_by_profile(hub, azurite.connection_string, hub_name)

    known = expectations.read(hub.name)
    text = expectations.text_of(expectations.with_reviews(expectations.of_hub(found), known))
    if diff := expectations.difference(expectations.file_of(hub.name), text):
        pytest.fail(diff, pytrace=False)
    assert not any(one.problems for one in found.values())
    lacking = expectations.text_of_lacking(found)
    assert not expectations.difference(expectations.NOT_EVALUATED, lacking)


async def test_the_rules_without_evidence_are_those_that_the_file_names() -> None:
    found = await sentences_without_storage(HUBS[0])
    lacking = expectations.text_of_lacking(found)
    if diff := expectations.difference(expectations.NOT_EVALUATED, lacking):
        pytest.fail(diff, pytrace=False)


@each_hub
def test_every_expected_finding_was_reviewed(hub: RecordedHub) -> None:
    for one in expectations.read(hub.name):
        assert expectations.NOT_REVIEWED not in one.review, f"{one.rule} {one.key}"
        assert len(one.review) > len(one.rule), f"{one.rule} {one.key}"


def test_expectations_are_of_recorded_hubs_and_of_rules_that_are_there() -> None:
    files = {path.stem for path in expectations.FOLDER.glob("*.json")}
    assert files == {hub.name for hub in HUBS} | {expectations.NOT_EVALUATED.stem}
    expected = [one for hub in HUBS for one in expectations.read(hub.name)]
    assert {one.rule for one in expected} <= {rule.code for rule in RULES}
    assert {one.severity for one in expected} <= {severity.value for severity in Severity}
    assert {name for one in expected for name in one.profiles} == set(PROFILES)


def test_what_is_found_anew_is_marked_until_it_is_reviewed() -> None:
    known = expectations.read("killed")
    other = [replace(one, says=f"{one.says}!") for one in known[:1]]

    again = expectations.with_reviews([*other, *known[1:]], known)

    assert [one.review == expectations.NOT_REVIEWED for one in again] == [
        True,
        *(False for _ in known[1:]),
    ]
    text = expectations.text_of(again)
    diff = expectations.difference(expectations.file_of("killed"), text)
    assert f'+  "review": "{expectations.NOT_REVIEWED}"' in diff
    assert expectations.HOW_TO_WRITE in diff
