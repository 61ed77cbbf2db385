"""Leads the rules over one instance after the other; what is kept of them does not grow with their number."""

from collections.abc import Sequence

from durahub.classic.doctor import rules
from durahub.classic.doctor.findings import Finding
from durahub.classic.doctor.ledger import Ledger
from durahub.classic.doctor.reading import Reading
from durahub.classic.doctor.rules import waiting
from durahub.classic.doctor.snapshot import HubFacts, InstanceFacts
from durahub.classic.keys import escape


class Looking:
    """Looks at a hub as it was at one moment: *hub* is that moment. Blobs are not looked at.

    *unfinished* are the places whose messages a broken repair may not have sent.
    """

    def __init__(
        self, reading: Reading, hub: HubFacts, unfinished: frozenset[str] = frozenset()
    ) -> None:
        self._reading = reading
        self.hub = hub
        self.ledger = Ledger(hub, unfinished)

    async def at(self, instance: InstanceFacts) -> list[Finding]:
        """Return what the rules find in an instance, beside those that it waits for, which are read."""
        hub = self.hub
        needed = dict.fromkeys(rules.related_ids(instance, hub))
        if needed:
            related = {one: await self._reading.instance(escape(one)) for one in needed}
            instance = instance.beside(related)
        found = list(rules.of_instance(instance, hub))
        lost = (self.ledger.add(one) for one in waiting.awaited(instance, hub))
        return [*found, *(one for one in lost if one is not None)]

    async def again(self, findings: Sequence[Finding]) -> list[Finding]:
        """Return those of *findings* that are so at this moment, each instance read anew.

        Of an instance it must be the very same: one that goes on quickly is at both looks between two writes,
        but each time between others.
        """
        now = {one.key: one for one in rules.of_hub(self.hub)}
        for instance_id in dict.fromkeys(one.instance_id for one in findings):
            if instance_id is not None:
                instance = await self._reading.instance(escape(instance_id))
                now |= {one.key: one for one in await self.at(instance)}
        return [now[one.key] for one in findings if _is_same(one, now.get(one.key))]


def _is_same(before: Finding, now: Finding | None) -> bool:
    return now is not None and (before.instance_id is None or before.detail == now.detail)
