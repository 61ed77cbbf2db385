"""The command that sends the authorization matrix and prints it."""

import argparse
import asyncio
import datetime as dt
import json
import subprocess
import sys
from pathlib import Path

from tests.security.authorization.callers import HUBS, callers
from tests.security.authorization.identity_provider import IdentityProvider
from tests.security.authorization.matrix import (
    NOT_KNOWN,
    PASSED,
    ROLE_MISSING,
    Outcome,
    grpc_calls,
    http_calls,
    run,
    should_be,
    world,
)
from tests.security.authorization.planting import planted_and_missed

EPILOG = """\
It starts a server with two hubs (orders, billing) over SQLite in memory, an identity provider with keys of
its own, and sends every RPC of both gRPC services and every route of the HTTP APIs as everybody in
callers.py: without a token, with tokens that are wrong in one way each, and with each role on the hub, on
another, on all. Each goes to its own hub, to another, to one that does not exist and to the default one.
Then the check of each call in turn is left out on purpose, and the matrix must find that.

  python -m tests.security.authorization                    who may call what, in a table
  python -m tests.security.authorization --report FILE      the figures, as JSON

Exit status: 0 if every call had the answer that it should have, and every hole was found; else 1.
"""


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m tests.security.authorization",
        description="Send every call as everybody to every hub, and compare with what should be.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--report", type=Path, help="write the figures to this file (JSON)")
    parser.add_argument("--quiet", action="store_true", help="do not print the table")
    asked = parser.parse_args()
    provider = IdentityProvider()
    outcome, planted, missed = asyncio.run(_run(provider))
    if not asked.quiet:
        _print_table(provider)
    for wrong in outcome.wrong[:50]:
        print(f"WRONG: {wrong}", file=sys.stderr)
    for call in missed:
        print(f"MISSED: nobody noticed that the check of {call} was left out", file=sys.stderr)
    figures = _figures(provider, outcome, planted, len(missed))
    for name, value in figures.items():
        print(f"{name}: {value}", file=sys.stderr)
    if asked.report is not None:
        asked.report.write_text(json.dumps(_record(figures), indent=2) + "\n")
    return 1 if outcome.wrong or missed else 0


async def _run(provider: IdentityProvider) -> tuple[Outcome, int, list[str]]:
    calls = [*grpc_calls(), *http_calls()]
    everybody = callers(provider)
    done = 0

    def told(call: str) -> None:
        nonlocal done
        done += 1
        print(f"{done}/{len(calls)} {call}", file=sys.stderr)

    async with world(provider) as served:
        outcome = await run(served, calls, everybody, told=told)
        print("leaving out one check after the other …", file=sys.stderr)
        missed = [one async for one in planted_and_missed(served, calls, everybody)]
    return outcome, len(calls), missed


def _print_table(provider: IdentityProvider) -> None:
    known = [one for one in callers(provider) if one.roles]
    print(f"{'call':<90} lets in, on the hub orders")
    for call in [*grpc_calls(), *http_calls()]:
        let_in = [one.name for one in known if should_be(call, one, "orders") == PASSED]
        print(f"{call:<90} {', '.join(let_in)}")


def _figures(
    provider: IdentityProvider, outcome: Outcome, planted: int, missed: int
) -> dict[str, int]:
    refused = outcome.counts[NOT_KNOWN] + outcome.counts[ROLE_MISSING]
    return {
        "RPCs": len(grpc_calls()),
        "HTTP routes": len(http_calls()),
        "callers": len(callers(provider)),
        "hubs": len(HUBS),
        "requests sent": sum(outcome.counts.values()),
        "requests let in": outcome.counts[PASSED],
        "requests refused": refused,
        "refused as not known": outcome.counts[NOT_KNOWN],
        "refused for want of a role": outcome.counts[ROLE_MISSING],
        "wrong answers": len(outcome.wrong),
        "checks left out on purpose": planted,
        "of these not found": missed,
    }


def _record(figures: dict[str, int]) -> dict[str, object]:
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False
    )
    return {
        "suite": "authorization",
        "command": "python -m tests.security.authorization --report FILE",
        "date": dt.datetime.now(dt.timezone.utc).date().isoformat(),
        "commit": commit.stdout.strip(),
        "figures": figures,
    }


if __name__ == "__main__":
    raise SystemExit(main())
