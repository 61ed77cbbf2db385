"""A move into a classic hub that dies at any request, and is taken up again, ends as an undisturbed one."""

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from durahub.classic.account import Account
from durahub.classic.asked import Answer, Asked
from durahub.classic.names import HubNames
from durahub.classic.transport import CountedTransport
from durahub.dispatch.clock import system_clock
from durahub.model.history import (
    EventRaised,
    Execution,
    OrchestratorCompleted,
    TaskScheduled,
    TimerCreated,
)
from durahub.model.message import Message
from durahub.model.ticks import later
from durahub.stored import StoredInstance, StoredMessage
from durahub_migrate.bundle.reader import BundleReader
from durahub_migrate.targets.classic_hub import classic_hub_mover
from tests.bundle.bundles import NOON, a_history, an_instance, written
from tests.conftest import Storage
from tests.golden.finishing.stored import StoredHub, read_hub
from tests.moving.loaded import LoadedContent, load
from tests.targets.moves import Ledgers, move_all

pytestmark = [pytest.mark.azurite, pytest.mark.fault]


class Crash(Exception):
    """The process has died."""


@dataclass
class Requests:
    """Counts what changes storage; dies with the *last*, before it or when it is done."""

    last: int | None = None
    after: bool = False
    count: int = 0
    methods: Counter[str] = field(default_factory=Counter)

    def dies(self, method: str) -> bool:
        if method in ("GET", "HEAD"):
            return False
        self.count += 1
        return self.count == self.last

    def transport(self, *arguments: Any, **settings: Any) -> CountedTransport:
        requests = self

        class Dying(CountedTransport):
            async def send(self, request: Any, **config: Any) -> Any:
                dies = requests.dies(request.method)
                if dies and not requests.after:
                    raise Crash
                answer = await super().send(request, **config)
                if dies:
                    raise Crash
                return answer

            async def ask(self, asked: Asked) -> Answer:
                dies = requests.dies(asked.method)
                if dies and not requests.after:
                    raise Crash
                answer = await super().ask(asked)
                if dies:
                    raise Crash
                return answer

        return Dying(*arguments, **settings)


def a_content(folder: Path) -> LoadedContent:
    """Return a bundle of instances that wait for everything, one of them with a large payload."""
    begun = a_history("waits")[:4]
    waits: StoredInstance = an_instance(
        "waits",
        status="Running",
        output=None,
        completed=None,
        history=(
            *begun[:3],
            TimerCreated(event_id=1, timestamp=NOON, fire_at=later(NOON, 10**9)),
            OrchestratorCompleted(timestamp=NOON),
        ),
    )
    pending = an_instance("pending", status="Pending", history=(), output=None, completed=None)
    large = an_instance("large", output='"' + "x" * 100_000 + '"')
    scheduled = TaskScheduled(event_id=0, timestamp=NOON, name="Pay", input='"in"')
    own = Execution("waits", "e1")
    messages = [
        StoredMessage(
            queue="w", message_id="1", message=Message(event=scheduled, target=own, sender=own)
        ),
        *(
            StoredMessage(
                queue="c",
                message_id=str(number),
                message=Message(
                    event=EventRaised(timestamp=NOON, name="More", input=str(number)),
                    target=Execution("waits"),
                ),
            )
            for number in range(2, 5)
        ),
    ]
    written(folder / "bundle", [waits, pending, large], messages)
    return load(BundleReader(folder / "bundle"))


async def moved(
    content: LoadedContent, storage: Storage, hub: str, requests: Requests, ledgers: Ledgers
) -> None:
    account = Account.from_connection_string(
        storage.connection_string, "the test", make_transport=requests.transport
    )
    async with classic_hub_mover(account, hub, "job-1", system_clock, partitions=2) as mover:
        await move_all(mover, content, ledgers)


async def state_of(hub: str, storage: Storage) -> tuple[Any, Counter[str], StoredHub]:
    """Return lines, visible messages as they mean, and the hub."""
    found = await read_hub(HubNames(hub), storage.connection_string)
    return found.lines, Counter(found.visible), found


async def test_no_crash_loses_or_doubles_anything(
    azurite: Storage, hub_name: str, tmp_path: Path
) -> None:
    content = a_content(tmp_path)
    counting = Requests()
    await moved(content, azurite, f"{hub_name}u", counting, Ledgers())
    lines, visible, whole = await state_of(f"{hub_name}u", azurite)
    assert sum(visible.values()) == 5

    assert counting.count > 30
    for last in range(1, counting.count + 1):
        after = bool(last % 2)
        hub, ledgers = f"{hub_name}n{last}", Ledgers()
        with pytest.raises(Crash):
            await moved(content, azurite, hub, Requests(last, after), ledgers)
        await moved(content, azurite, hub, Requests(), ledgers)

        found_lines, found_visible, found = await state_of(hub, azurite)
        told = f"request {last}, {'after' if after else 'before'} it was done"
        assert found_lines == lines, told
        assert found_visible == visible, told
        # a place whose receipt was not noted stays hidden
        more = sum(found.depths.values()) - sum(whole.depths.values())
        assert more in ((0, 1) if after else (0,)), told
        assert found.parts == {
            part.replace(f"{hub_name}u", hub).replace(f"{hub_name}u".lower(), hub.lower())
            for part in whole.parts
        }
