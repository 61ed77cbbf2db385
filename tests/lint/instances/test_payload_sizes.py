"""A payload gets one code, the worst; each step is exact to the byte."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from durahub_migrate.lint.examples import a_payload, an_instance, moving
from durahub_migrate.lint.facts.payloads import PayloadKind
from durahub_migrate.lint.judging import judge
from durahub_migrate.lint.rules.pay import RULES
from durahub_migrate.lint.target import Given

FAILURE, STATE, OUTPUT = PayloadKind.FAILURE, PayloadKind.ENTITY_STATE, PayloadKind.OUTPUT
SIZES = {"PAY401", "PAY402", "PAY403", "PAY404", "PAY405"}


def codes(size: int, kind: PayloadKind, given: Given) -> list[str]:
    fact = an_instance(payloads=[a_payload(size, kind)])
    return [one.code for one in judge(RULES, [fact], given) if one.code in SIZES]


@pytest.mark.parametrize(
    ("size", "kind", "offload", "code"),
    [
        (899_999, OUTPUT, False, None),
        (900_000, OUTPUT, False, "PAY403"),
        (1_000_000, OUTPUT, False, "PAY403"),
        (1_000_001, OUTPUT, False, "PAY402"),
        (1_048_576, OUTPUT, False, "PAY402"),
        (1_048_577, OUTPUT, False, "PAY401"),
        (1_048_577, OUTPUT, None, "PAY401"),
        (20_000_000, OUTPUT, False, "PAY401"),
        (262_143, OUTPUT, True, None),
        (262_144, OUTPUT, True, "PAY403"),
        (10_485_760, OUTPUT, True, "PAY403"),
        (10_485_761, OUTPUT, True, "PAY404"),
        (1_048_576, STATE, False, "PAY402"),
        (1_048_577, STATE, False, "PAY405"),
        (1_048_576, STATE, True, "PAY403"),
        (1_048_577, STATE, True, "PAY405"),
        (10_485_761, STATE, True, "PAY404"),
        (1_000_000, FAILURE, True, None),
        (1_000_001, FAILURE, True, "PAY402"),
        (1_000_001, FAILURE, False, "PAY402"),
    ],
)
def test_each_step_of_size_is_exact(
    size: int, kind: PayloadKind, offload: bool | None, code: str | None
) -> None:
    assert codes(size, kind, moving(offload=offload)) == ([code] if code else [])


@given(
    st.integers(0, 20_000_000),
    st.sampled_from(list(PayloadKind)),
    st.sampled_from([None, False, True]),
)
def test_a_payload_gets_at_most_one_code(
    size: int, kind: PayloadKind, offload: bool | None
) -> None:
    assert len(codes(size, kind, moving(offload=offload))) <= 1


def test_the_beginning_of_a_payload_is_private() -> None:
    fact = an_instance(payloads=[a_payload(2_000_000, head='{"card":"4111"}')])
    (finding,) = judge(RULES, [fact], moving())
    assert finding.private
    assert "4111" not in finding.detail


def test_findings_about_two_payloads_of_an_instance_have_fingerprints_of_their_own() -> None:
    payloads = [a_payload(2_000_000, where=f"event {number}, Result") for number in (4, 9)]
    found = list(judge(RULES, [an_instance(payloads=payloads)], moving()))
    assert len({one.fingerprint for one in found}) == 2
