"""Writes docs/compatibility.md from what tests have shown: ``python -m tests.compatibility.table``."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from tests.compatibility.features import FEATURES, GROUPS, SDKS, SERVICES, STORES
from tests.compatibility.outcomes import FILE, Outcomes, read

PAGE = FILE.with_suffix(".md")
HEAD = """\
# Compatibility

What the tests have shown, feature by feature, with real SDKs in processes of their own. This page
is written by `python3 dev.py table` from `compatibility.json`, which holds the outcome of every test;
edit neither.

Azure Storage and SQLite are the two stores. ✔: every test of it passed. ✖: at least one failed.
–: no test, mostly because that SDK has no such thing. *Plain gRPC* is a client of our own that sends
what the protocol allows.

| SDK | version |
| --- | --- |
| Python | `durabletask` and `durabletask.azuremanaged` 1.12 |
| JavaScript | `@microsoft/durabletask-js` 0.4.0 |
| Java | `com.microsoft:durabletask-client` 1.5.0 |
| .NET | 1.25, recorded |
"""

Cell = tuple[str, str]  # SDK and store
CELLS: tuple[Cell, ...] = tuple((sdk, store) for sdk in SDKS for store in STORES)


def page(outcomes: Outcomes) -> str:
    """Return the Markdown of the whole page."""
    parts = [HEAD]
    for group, features in GROUPS.items():
        parts.append(
            f"\n## {group}\n\n" + _table("feature", features, _features(outcomes), outcomes)
        )
    for service, rpcs in SERVICES.items():
        rows = [f"`{rpc}`" for rpc in rpcs]
        parts.append(
            f"\n## {service}\n\n" + _table("RPC", rows, _rpcs(outcomes, service), outcomes)
        )
    return "".join(parts)


Shown = dict[tuple[str, Cell], list[bool]]  # by row and cell: whether each test passed


def _features(outcomes: Outcomes) -> Shown:
    shown: Shown = {}
    for outcome in outcomes.values():
        claim = outcome.claim
        shown.setdefault((claim.feature, (claim.sdk, claim.store)), []).append(outcome.passed)
    return shown


def _rpcs(outcomes: Outcomes, service: str) -> Shown:
    shown: Shown = {}
    for outcome in outcomes.values():
        claim = outcome.claim
        for rpc in {*FEATURES[claim.feature], *claim.rpcs}:
            of, _, method = rpc.rpartition(".")
            if (of or "TaskHubSidecarService") == service:
                shown.setdefault((f"`{method}`", (claim.sdk, claim.store)), []).append(
                    outcome.passed
                )
    return shown


def _table(kind: str, rows: Iterable[str], shown: Shown, outcomes: Outcomes) -> str:
    used = {(one.claim.sdk, one.claim.store) for one in outcomes.values()}
    cells = [cell for cell in CELLS if cell in used]
    return "".join(f"{line}\n" for line in _lines(kind, rows, shown, cells))


def _lines(kind: str, rows: Iterable[str], shown: Shown, cells: list[Cell]) -> Iterator[str]:
    yield _line(kind, *(f"{SDKS[sdk]}, {STORES[store]}" for sdk, store in cells))
    yield _line("---", *(":---:" for _ in cells))
    for row in rows:
        yield _line(row, *(_sign(shown.get((row, cell))) for cell in cells))


def _line(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


def _sign(passed: list[bool] | None) -> str:
    if not passed:
        return "–"
    return "✔" if all(passed) else "✖"


def main(target: Path = PAGE) -> None:
    """Write the page."""
    target.write_text(page(read(FILE)), encoding="utf-8")


if __name__ == "__main__":
    main()
