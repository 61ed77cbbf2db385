"""A bill of materials has everything that is named, each with a licence that is on the list."""

import json
import shutil
from pathlib import Path

import pytest

from tests.security.supply import __main__ as audit
from tests.security.supply import sbom
from tests.security.supply.advisories import of_npm, of_pip

ROOT = Path(__file__).parents[3]


def bill(**licences: object) -> dict[str, object]:
    return {
        "components": [
            {"name": name, "version": "1.0", "licenses": [{"license": {"id": one}}] if one else []}
            for name, one in licences.items()
        ]
    }


@pytest.mark.parametrize(
    ("expression", "allowed"),
    [
        ("MIT", True),
        ("(MIT OR GPL-3.0-only)", True),
        ("MIT AND GPL-3.0-only", False),
        ("MPL-2.0 AND (Apache-2.0 OR MIT)", True),
        ("Apache-2.0 WITH LLVM-exception", True),
        ("AGPL-3.0-only", False),
        ("", False),
        ("(MIT", False),
        ("MIT MIT", False),
    ],
)
def test_an_expression_is_allowed_if_a_choice_of_allowed_licences_is(
    expression: str, allowed: bool
) -> None:
    assert sbom.is_allowed(expression) is allowed


def test_a_planted_licence_that_is_not_on_the_list_is_told() -> None:
    found = sbom.components(bill(good="MIT", bad="AGPL-3.0-only", silent=""))

    assert sbom.refused(found) == [
        "bad 1.0: AGPL-3.0-only is not on the list",
        "silent 1.0 has no licence that a program can read",
    ]


def test_a_package_that_is_named_and_not_in_the_bill_is_told() -> None:
    found = sbom.components(bill(here="MIT"))

    assert sbom.missing(["here", "gone"], found) == ["gone is not in the bill"]


def test_what_pyproject_names_is_read_whole() -> None:
    named = sbom.installable(sbom.named_in_pyproject((ROOT / "pyproject.toml").read_text()))

    assert {"grpcio", "pyjwt", "hypothesis", "textual", "durabletask-azuremanaged"} <= named


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("npm") is None, reason="npm makes its bills")
def test_the_bills_of_the_lockfiles_are_whole_and_their_licences_allowed(tmp_path: Path) -> None:
    for name, folder in audit.NPM.items():
        assert audit.npm_bill(name, folder, tmp_path) == []
        lock = json.loads((folder / "package-lock.json").read_text())
        assert len(sbom.locked(lock)) > 20


@pytest.mark.slow
def test_the_bill_of_this_python_is_whole_and_its_licences_allowed(tmp_path: Path) -> None:
    assert audit.python_bill(tmp_path) == []


def test_a_service_that_does_not_answer_is_told_and_not_taken_for_good_news() -> None:
    silent = {"dependencies": [{"name": "a", "skip_reason": "not found"}]}

    for answer in (of_pip(None), of_pip(silent), of_npm(None, "ui"), of_npm({"error": {}}, "ui")):
        assert not answer.answered
        assert answer.told.startswith("SKIPPED: ")


def test_an_advisory_is_a_finding() -> None:
    vulnerable = {"name": "a", "version": "1", "vulns": [{"id": "PYSEC-1"}]}
    npm = {"vulnerabilities": {"b": {"severity": "high"}}}

    assert of_pip({"dependencies": [vulnerable]}).found == ("a 1: PYSEC-1",)
    assert of_npm(npm, "ui").found == ("ui: b (high)",)
