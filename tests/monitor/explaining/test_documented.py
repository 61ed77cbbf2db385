"""Every reason has its line in the documentation, and every command that is advised exists."""

import re
from pathlib import Path

import pytest

import durahub_migrate.monitor.explaining as package
from durahub_migrate.monitor.explaining.cause import MOST_TELLING
from durahub_migrate.monitor.waiting import Reason, Weight

PAGE = (Path(__file__).parents[3] / "docs" / "waiting.md").read_text("utf-8")


@pytest.mark.parametrize("reason", Reason, ids=lambda reason: reason.value)
def test_every_reason_is_documented(reason: Reason) -> None:
    assert re.search(rf"^\| `{reason.value}` \| .+ \|", PAGE, re.MULTILINE)


@pytest.mark.parametrize("weight", Weight, ids=lambda weight: weight.value)
def test_every_weight_is_documented(weight: Weight) -> None:
    assert f"| `{weight.value}` |" in PAGE


def test_every_reason_has_its_place_among_the_others() -> None:
    assert sorted(one.value for one in MOST_TELLING) == sorted(one.value for one in Reason)


def test_the_commands_that_are_advised_are_those_of_the_design() -> None:
    folder = Path(package.__file__).parent
    text = " ".join(path.read_text("utf-8") for path in folder.glob("*.py"))
    hub = set(re.findall(r'hub_command\(\s*"([a-z-]+)"', text))
    instance = set(re.findall(r'instance_command\(\s*"([a-z-]+)"', text))
    assert hub <= {"doctor", "show", "thaw", "settle"}
    assert instance <= {"history", "why", "raise-event", "resume", "terminate", "restart"}
