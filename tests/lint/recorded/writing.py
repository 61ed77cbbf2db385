"""Writes the expectations anew: ``python -m tests.lint.recorded.writing [HUB]...``

Reviews are kept; what is new is marked, and a test fails until a person has looked at the recording and has
written why the finding is right. Azurite is started, unless DURAHUB_TEST_STORAGE names an account.
"""

import asyncio
import os
import secrets
import sys
from collections.abc import Sequence

from durahub.local.azurite import running_azurite
from tests.golden.recorded import HUBS
from tests.lint.recorded import expectations
from tests.lint.recorded.linting import findings_by_profile


def main(hubs: Sequence[str]) -> None:
    """Write the files of *hubs*, or of all."""
    if named := os.environ.get("DURAHUB_TEST_STORAGE"):
        asyncio.run(_write(hubs, named))
    else:
        with running_azurite() as azurite:
            asyncio.run(_write(hubs, azurite.connection_string))


async def _write(hubs: Sequence[str], connection_string: str) -> None:
    for hub in HUBS:
        if hubs and hub.name not in hubs:
            continue
        name = f"Test{secrets.token_hex(6)}"
        found = await findings_by_profile(hub, connection_string, name)
        of_hub = expectations.of_hub(found)
        known = expectations.with_reviews(of_hub, expectations.read(hub.name))
        expectations.file_of(hub.name).write_text(expectations.text_of(known), "utf-8")
        expectations.NOT_EVALUATED.write_text(expectations.text_of_lacking(found), "utf-8")
        new = sum(one.review == expectations.NOT_REVIEWED for one in known)
        print(f"{hub.name}: {len(known)} findings, {new} of them {expectations.NOT_REVIEWED}")


if __name__ == "__main__":
    main(sys.argv[1:])
