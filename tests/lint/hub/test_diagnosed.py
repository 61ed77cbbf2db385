"""Each rule of the doctor is told under one code of the linter."""

import pytest

from durahub.classic.doctor.findings import Rule as DoctorRule
from durahub.classic.doctor.findings import Severity as DoctorSeverity
from durahub.classic.doctor.rules import RULES as DOCTORS
from durahub_migrate.lint.facts.hubs import Diagnosis
from durahub_migrate.lint.finding import Severity
from durahub_migrate.lint.hub_examples import a_diagnosis
from durahub_migrate.lint.judging import judge
from durahub_migrate.lint.place import PlaceKind
from durahub_migrate.lint.rule import EXAMPLE_TIME
from durahub_migrate.lint.rules import RULES
from durahub_migrate.lint.rules.hub.diagnosed import DIAGNOSED, JUDGED
from durahub_migrate.lint.target import Given

each_doctors_rule = pytest.mark.parametrize("doctors", DOCTORS, ids=lambda rule: rule.name)
NOW = Given(now=EXAMPLE_TIME)


def test_no_rule_of_the_doctor_is_left_out_or_told_twice() -> None:
    assert sorted([*DIAGNOSED, *JUDGED]) == sorted(rule.name for rule in DOCTORS)


def test_every_code_is_that_of_a_rule() -> None:
    codes = {told.code for told in DIAGNOSED.values()} | set(JUDGED.values())
    assert codes <= {rule.code for rule in RULES}


@each_doctors_rule
def test_what_the_doctor_finds_is_told_once_if_other_facts_do_not_tell_it(
    doctors: DoctorRule,
) -> None:
    found = list(judge(RULES, [a_diagnosis(doctors, "of order 7")], NOW))
    expected = [DIAGNOSED[doctors.name].code] if doctors.name in DIAGNOSED else []
    assert [finding.code for finding in found] == expected


@each_doctors_rule
def test_what_the_doctor_only_notes_is_information(doctors: DoctorRule) -> None:
    if doctors.severity is DoctorSeverity.NOTE:
        found = judge(RULES, [a_diagnosis(doctors, "of order 7")], NOW)
        assert all(finding.severity is Severity.INFO for finding in found)


def test_a_finding_about_a_message_stands_at_the_message_and_says_whose_it_is() -> None:
    fact: Diagnosis = a_diagnosis(
        next(rule for rule in DOCTORS if rule.name == "message-for-older-execution"),
        "TimerFired 2",
        key="orders-control-01/m1",
        kind=PlaceKind.MESSAGE,
    )
    (found,) = judge(RULES, [fact], NOW)
    assert (found.place.kind, found.place.key) == (PlaceKind.MESSAGE, "orders-control-01/m1")
    assert found.detail.endswith("TimerFired 2, for order-7")
