"""Which Pythons are too old for the new Durable Functions package, in every way that they are named."""

import pytest

from durahub_migrate.lint.examples import moving
from durahub_migrate.lint.judging import judge
from durahub_migrate.lint.rules.cfg.an_app import an_app
from durahub_migrate.lint.rules.rpl.old_python import OldPython


def is_found(package: str, python: str) -> bool:
    app = an_app(files={"requirements.txt": package, ".python-version": python})
    return bool(list(judge([OldPython()], [app], moving())))


def poetry_is_found(package: str, python: str) -> bool:
    text = (
        f'[tool.poetry.dependencies]\npython = "{python}"\nazure-functions-durable = "{package}"\n'
    )
    return bool(list(judge([OldPython()], [an_app(files={"pyproject.toml": text})], moving())))


@pytest.mark.parametrize("python", ["3.9", "3.12", "3.12.7"])
def test_pythons_before_3_13_are_too_old(python: str) -> None:
    assert is_found("azure-functions-durable>=2.0", python)


@pytest.mark.parametrize("python", ["3.13", "3.13.1", "3.14", "nonsense"])
def test_later_pythons_and_unknown_ones_are_not(python: str) -> None:
    assert not is_found("azure-functions-durable>=2.0", python)


@pytest.mark.parametrize("asked", ["==2.0.0b2", "~=2.0", ">=2,<3", ">1.9,>=2.1", "==2.*"])
def test_version_2_is_recognised(asked: str) -> None:
    assert is_found(f"azure-functions-durable{asked}", "3.11")


@pytest.mark.parametrize(
    "asked", ["==1.4.0", "<2", ">=1.2", "~=1.2", "", " @ https://x.example/a.whl"]
)
def test_what_may_be_version_1_is_passed_over(asked: str) -> None:
    assert not is_found(f"azure-functions-durable{asked}", "3.11")


@pytest.mark.parametrize(
    ("package", "python", "found"),
    [
        ("^2.0", "~3.11", True),
        ("^2.0", "^3.11", False),
        ("^1.2", "~3.11", False),
        ("^2.0", ">=3.10,<3.13", True),
        ("*", "~3.11", False),
    ],
)
def test_poetry_has_signs_of_its_own(package: str, python: str, found: bool) -> None:
    assert poetry_is_found(package, python) is found
