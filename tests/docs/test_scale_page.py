"""The page on large hubs states the bounds that the code has."""

from pathlib import Path

import pytest

from durahub.classic import (
    alarms,
    copies,
    ended_listing,
    fresh_starts,
    functions,
    instance_memory,
    left_behind,
    waiting,
)
from durahub.dispatch import readings, settings, tokens
from durahub.edge import partial_completions
from durahub.edge.web import scanning

PAGE = (Path(__file__).parents[2] / "docs" / "scale.md").read_text(encoding="utf-8")
MIB = 1024 * 1024
DISPATCH = settings.DispatchSettings()


@pytest.mark.parametrize(
    ("subject", "bound"),
    [
        ("messages in hand", f"{DISPATCH.message_buffer:,} messages"),
        ("histories between turns", f"{DISPATCH.history_cache_bytes // MIB} MiB"),
        ("messages that are due", f"{waiting.MOST:,}"),
        ("times of what is due", f"{alarms.MOST:,} a queue"),
        ("what was last written", f"{instance_memory.MOST:,} instances"),
        ("new instances", f"{fresh_starts.MOST:,}"),
        ("messages left to an own queue", f"{left_behind.MOST:,}"),
        ("IDs of messages sent", f"{copies.MOST:,}"),
        ("completion tokens", f"{tokens.REMEMBERED:,}"),
        ("readings", f"{readings.REMEMBERED:,} executions"),
        (
            "looks through ended",
            f"{ended_listing.MOST_LOOKS} looks of {ended_listing.LARGEST // MIB} MiB",
        ),
        ("parts of large", f"{partial_completions.MOST_BYTES // MIB} MiB"),
        ("a query of the HTTP API that sorts", f"{scanning.MOST_SCANNED:,} rows"),
    ],
)
def test_a_bound_is_stated_as_it_is(subject: str, bound: str) -> None:
    (row,) = [line for line in PAGE.splitlines() if line.startswith(f"| {subject}")]
    assert bound in row


def test_what_starting_looks_at_is_stated() -> None:
    assert f"looks at {functions.SAMPLE:,} rows" in PAGE
    assert waiting.SOON == 5 * 60
    assert "within five minutes waits in memory" in PAGE
