"""Every example, run as its docstring says, against a server."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from durabletask.azuremanaged.client import DurableTaskSchedulerClient
from durabletask.client import OrchestrationStatus

from durahub.local.server import ServerProcess

pytestmark = [pytest.mark.sdk, pytest.mark.azurite]

EXAMPLES = Path(__file__).parents[2] / "examples"

LAST_LINES = {
    "accounts": ["6 transfers of 10: Ada 10, Ben 90"],
    "chaining": ["Hello, London!", "Hello, Cairo!", "Hello, Lima!"],
    "fan_out": ["250 words on 20 pages"],
    "http_polling": ["{'title': 'the harvest', 'text': 'All is well with the harvest.'}"],
    "human_interaction": [
        "a train ticket: approved by Ada",
        "a long lunch: nobody answered, escalated",
    ],
    "monitor": ["delivered, seen at look 4"],
}


def run(example: str, server: ServerProcess, hub: str, **env: str) -> list[str]:
    """Run an example to its end; return what it printed."""
    done = subprocess.run(
        [sys.executable, EXAMPLES / f"{example}.py"],
        env={**os.environ, "ENDPOINT": server.ready.endpoint, "TASKHUB": hub, **env},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout.splitlines()


def client(server: ServerProcess, hub: str) -> DurableTaskSchedulerClient:
    return DurableTaskSchedulerClient(
        host_address=server.ready.endpoint,
        taskhub=hub,
        token_credential=None,
        secure_channel=False,
    )


@pytest.mark.parametrize("example", LAST_LINES)
def test_an_example_ends_as_it_says(example: str, server: ServerProcess, hub_name: str) -> None:
    printed = run(example, server, hub_name)

    expected = LAST_LINES[example]
    assert printed[-len(expected) :] == expected
    with client(server, hub_name) as reader:
        states = reader.get_all_orchestration_states()
    named = re.findall(r"\b[0-9a-f]{32}\b", "\n".join(printed))
    assert {state.instance_id for state in states} == set(named)
    assert {state.runtime_status for state in states} == {OrchestrationStatus.COMPLETED}


def test_an_orchestration_that_has_run_is_not_run_again(
    server: ServerProcess, hub_name: str
) -> None:
    first = run("chaining", server, hub_name, INSTANCE="trip-1")
    again = run("chaining", server, hub_name, INSTANCE="trip-1")

    assert "  saying hello to Tokyo" in first
    assert "  saying hello to Tokyo" not in again
    assert again[-1] == "Hello, Lima!"


def test_every_example_is_in_the_table_and_tried() -> None:
    programs = {path.stem for path in EXAMPLES.glob("*.py")}
    programs -= {"demo", "moving"}  # the moving one: tests/docs/test_moving_example.py
    table = re.findall(r"^\| \[`(\w+)\.py`\]", (EXAMPLES / "README.md").read_text("utf-8"), re.M)

    assert set(table) == programs == set(LAST_LINES)
