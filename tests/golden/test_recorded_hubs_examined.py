"""What the doctor finds in the recorded hubs: nothing where .NET left them in order."""

import pytest

from durahub.classic.doctor.findings import Finding
from tests.golden.examined import findings_of
from tests.golden.recorded import HUBS, RecordedHub

FOUND = {
    "crash-history": ["row-behind-history"],
    "functions": ["doubled-event-ids"],  # signals-too-far: a defect of the extension
    "killed": ["stale-lease"],
}
"""The rules that do not hold in a hub, each once; every other hub is clean."""


def counting(findings: list[Finding]) -> list[str]:
    return sorted({finding.rule.name for finding in findings if finding.counts})


def expected_of(hub: RecordedHub) -> list[str]:
    """Return the rules that do not hold in a hub, a day after it was recorded."""
    stale = ["stale-lease"] if hub.name.startswith("crash-") else []  # its worker was killed
    return [*FOUND.get(hub.name, []), *stale]


@pytest.mark.parametrize("hub", HUBS, ids=str)
def test_a_recorded_hub_is_clean_unless_its_workers_were_killed(hub: RecordedHub) -> None:
    assert counting(findings_of(hub)) == expected_of(hub)
