"""Where a hub's instances are tracked: in tables of its name, or of another (``TrackingStoreNamePrefix``).

Nothing in a hub says which. Its name stands in its rows, though, so the tables can be found.
"""

from durahub.classic.account import Account
from durahub.classic.names import HubNames
from durahub.classic.storage_errors import StorageErrors
from durahub.classic.tables import Tables, literal
from durahub.errors import HubNotFound

_INSTANCES, _HISTORY = "Instances", "History"


async def find_tables(account: Account, tables: Tables, names: HubNames) -> HubNames:
    """Return *names*, with the tracking prefix under which the hub's *tables* are found.

    Those of the hub's own name come first; others are only looked for if there are queues. Raises
    `HubNotFound`, with a hint where others may be meant.
    """
    with StorageErrors(account.name, names.hub, account.service_of).translated():
        found = [str(table.name) async for table in account.tables.list_tables()]
    spelled = {name.lower(): name for name in found}
    if {names.instances_table.lower(), names.history_table.lower()} <= spelled.keys():
        return _as_spelled(names, spelled[names.instances_table.lower()])
    if names.tracking_prefix is not None:
        without = f"there is no table {names.instances_table} with a {names.history_table}"
        raise HubNotFound(names.hub, without, store=account.place)
    prefixes = _prefixes(spelled)
    if not prefixes or not await _has_queues(account, names):
        raise HubNotFound(names.hub, store=account.place)
    for prefix in prefixes:
        condition = f"TaskHubName eq {literal(names.hub)}"
        rows, _ = await tables.query(f"{prefix}{_INSTANCES}", condition, most=1)
        if rows:
            return HubNames(names.hub, prefix)
    hint = "it has queues but no tables; --tracking-prefix names others"
    raise HubNotFound(names.hub, hint, store=account.place)


def _as_spelled(names: HubNames, table: str) -> HubNames:
    """Return *names* with the case in which *table* was made: not every emulator disregards it."""
    prefix = table[: -len(_INSTANCES)]
    if names.tracking_prefix is None:
        return HubNames(prefix)
    return HubNames(names.hub, prefix)


def _prefixes(spelled: dict[str, str]) -> list[str]:
    """Return what the names of pairs of tables begin with."""
    return [
        name[: -len(_INSTANCES)]
        for lower, name in sorted(spelled.items())
        if lower.endswith(_INSTANCES.lower())
        and lower[: -len(_INSTANCES)] + _HISTORY.lower() in spelled
    ]


async def _has_queues(account: Account, names: HubNames) -> bool:
    with StorageErrors(account.name, names.hub, account.service_of).translated():
        listed = account.queues.list_queues(name_starts_with=names.control_queue(0))
        return any([queue.name == names.control_queue(0) async for queue in listed])
