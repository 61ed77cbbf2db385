"""Looks at storage: its answer and its clock, what may be done there, and each hub."""

from collections.abc import AsyncIterator, Callable
from datetime import datetime

from durahub.accounts import Access, account_at
from durahub.address import StoreAddress, StoreKind
from durahub.classic.scratch import Scratch
from durahub.configuration.settings import Settings
from durahub.errors import DurahubError, HubNotFound
from durahub.preflight.checked import Checked, look, problem
from durahub.preflight.clocks import check_clock
from durahub.preflight.here import look_at_file
from durahub.storage import Storage


async def looks_at_storage(
    storage: Storage,
    address: StoreAddress | str,
    access: Access,
    settings: Settings,
    now: Callable[[], datetime],
) -> AsyncIterator[Checked]:
    """Look at the storage and at each hub; what is behind storage that does not answer is left out."""
    if isinstance(address, StoreAddress) and address.kind is StoreKind.SQLITE:
        yield await look_at_file(address.place)
    else:
        answers = True
        async for one in _looks_at_account(address, access, now):
            answers = answers and (one.ok or one.what != "storage")
            yield one
        if not answers:
            return
    async with storage:
        for name in settings.hubs:
            yield await _look_at_hub(storage, name)


async def _looks_at_account(
    address: StoreAddress | str, access: Access, now: Callable[[], datetime]
) -> AsyncIterator[Checked]:
    try:
        account = account_at(address, access)
    except DurahubError as error:
        yield problem("storage", error)
        return
    async with account:
        scratch = Scratch(account)
        try:
            asked = now()
            date = await scratch.date()
            answered = now()
        except DurahubError as error:
            yield problem("storage", error)
            return
        yield Checked("storage", True, f"account {account.name} answers")

        async def clock() -> str:
            return check_clock(date, asked, answered)

        yield await look("clock", clock)
        yield await look("queues", scratch.try_queue)
        yield await look("tables", scratch.try_table)
        yield await look("blobs", scratch.try_blob)


async def _look_at_hub(storage: Storage, name: str) -> Checked:
    async def hub() -> str:
        store = storage.store(name)
        try:
            await store.open(create=False)
            info = await store.info()
        except HubNotFound:
            return "not there yet: it will be created"
        finally:
            await store.close()
        if info.store != "classic":
            return "there, in the file"
        held = sorted({owner for owner in info.owners.values() if owner})
        told = [f"{info.partitions} partitions", f"partition manager {info.manager}"]
        told.append(f"held by {', '.join(held)}" if held else "held by nobody")
        if info.app_lease:
            told.append(f"the app lease is held under {info.app_lease}")
        return ", ".join(told)

    return await look(f"hub {name}", hub)
