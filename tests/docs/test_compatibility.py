"""The page of what has been tested is made from outcomes, and leaves nothing out."""

from pathlib import Path

import pytest

from tests.compatibility.features import FEATURES, SERVICES
from tests.compatibility.outcomes import FILE, Claim, Outcome, merged, read, write
from tests.compatibility.table import PAGE, page

ROOT = Path(__file__).parents[2]
CLAIM = Claim("timers", "js", "sqlite", ())


def test_the_page_is_what_the_generator_writes() -> None:
    assert PAGE.read_text("utf-8") == page(read(FILE)), "run: python -m tests.compatibility.table"


@pytest.mark.parametrize("service", SERVICES)
def test_every_rpc_is_on_the_page(service: str) -> None:
    text = PAGE.read_text("utf-8").partition(f"## {service}\n")[2].partition("\n## ")[0]

    assert [rpc for rpc in SERVICES[service] if f"| `{rpc}` |" not in text] == []


def test_every_feature_is_on_the_page() -> None:
    text = PAGE.read_text("utf-8")

    assert [feature for feature in FEATURES if f"| {feature} |" not in text] == []


def test_every_recorded_outcome_is_of_a_test_that_exists() -> None:
    for test in read(FILE):
        file, _, name = test.partition("::")
        function = name.partition("[")[0].partition(" ")[0]

        assert f"def {function}(" in (ROOT / file).read_text("utf-8"), test


def test_a_row_that_is_carried_by_a_failed_test_says_so() -> None:
    good, bad = Outcome(CLAIM, passed=True), Outcome(CLAIM, passed=False)

    assert "| timers | ✔ |" in page({"a": good})
    assert "| timers | ✖ |" in page({"a": good, "b": bad})
    assert "| tags | – |" in page({"a": good})


def test_outcomes_of_tests_that_did_not_run_are_kept(tmp_path: Path) -> None:
    good, bad = Outcome(CLAIM, passed=True), Outcome(CLAIM, passed=False)
    file = tmp_path / "outcomes.json"
    write(file, {"a": good, "b": good, "gone": good})

    write(file, merged(read(file), {"b": bad}, gone=["gone"]))

    assert read(file) == {"a": good, "b": bad}


def test_a_claim_of_an_unknown_feature_is_an_error() -> None:
    with pytest.raises(ValueError, match=r"features\.py"):
        Claim("time travel", "js", "sqlite", ())
