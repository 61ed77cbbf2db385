"""The classic store of the simulation: the real one, over a simulated account with a weather of its own."""

import asyncio
from collections.abc import Callable, Container, Sequence
from functools import partial
from random import Random

from durahub.classic.account import Account
from durahub.classic.options import ClassicOptions, Level, Manager
from durahub.classic.store import ClassicStore
from durahub.dispatch.clock import Clock
from durahub.stored import StoredInstance, StoredMessage
from tests.simulation.account.documented import is_documented, is_of_two_servers, repeated_by
from tests.simulation.account.exchange import Request
from tests.simulation.account.eye import Eye
from tests.simulation.account.line import Entry, Fate, Line, Passage, draw
from tests.simulation.account.service import StorageAccount
from tests.simulation.account.session import account_by
from tests.simulation.account.weather import SeededDisorder, Weather, weather_of
from tests.simulation.whole.gate import Crashed, Fault, Gate
from tests.simulation.whole.plan import plan_of
from tests.simulation.whole.storage import HUB

SERVERS = ("s1", "s2")


class GatedPassage(Passage):
    """The passage of one server through the gate of the simulation."""

    def __init__(self, gate: Gate, server: str) -> None:
        self._gate = gate
        self._server = server
        self._number = 0

    def enter(self, what: str) -> Entry:
        """Pass the gate before the effect."""
        if self._gate.is_dead(self._server):
            return Entry.FROM_THE_DEAD
        try:
            self._number = self._gate.before(self._server, what)
        except Crashed:
            return Entry.CRASHES
        except Fault:
            return Entry.REFUSED
        return Entry.PASSES

    def leave(self) -> bool:
        """Pass it behind the effect."""
        try:
            self._gate.after(self._server, self._number)
        except Crashed:
            return False
        return True


class OwnedStore(ClassicStore):
    """A store whose account is its own: it is closed with it."""

    async def close(self) -> None:
        """Close the store, then the account."""
        await super().close()
        await self.account.close()


MakeStore = Callable[[str, Account, ClassicOptions, Clock, Random], ClassicStore]


class AccountStorage:
    """A hub in a storage account. *manager* and *level* are those of its servers."""

    servers = 2

    def __init__(
        self,
        gate: Gate,
        seed: int,
        *,
        manager: Manager = Manager.TABLE,
        level: Level = Level.DEFAULT,
        weather: Weather | None = None,
        make_store: MakeStore = OwnedStore,
    ) -> None:
        self._gate = gate
        self._seed = seed
        self._manager, self._level = manager, level
        self._make_store = make_store
        self._random = Random(f"account/{seed}")
        calm_at = plan_of(seed, self.servers).calm_at
        self.weather = weather or weather_of(seed, SERVERS, calm_at)
        self._disorder = SeededDisorder(self.weather, self._random, _now)
        self.account = StorageAccount(_now, self._disorder, self._disorder.fewer)
        self.eye = Eye(self.account, HUB)
        self._partitions = self._random.choice([1, 2, 2, 3])
        self.lines: dict[str, Line] = {}
        self._stores: dict[str, ClassicStore] = {}

    def store(self, server: str, clock: Clock) -> ClassicStore:
        """Return a store of a server of its own."""
        number = len(self.lines) + 1
        random = Random(f"server/{self._seed}/{number}")
        self.lines[server] = line = self._line(server, random)
        options = ClassicOptions(
            partitions=self._partitions,
            worker_id=f"{server}:{number:012x}",
            manager=self._manager,
            level=self._level,
        )
        made = self._stores[server] = self._make_store(
            HUB, account_by(line), options, clock, random
        )
        return made

    def _line(self, server: str, random: Random) -> Line:
        def fate(_: Request) -> Fate:
            return draw(random, self._disorder.trouble, self._gate.pause())

        def stalled_until() -> float:
            return self._disorder.stalled_until(server.partition(".")[0])

        return Line(self.account, fate, random, GatedPassage(self._gate, server), stalled_until)

    def kill(self, server: str) -> None:
        """Let nothing come back to a server that is dead."""
        if server in self.lines:
            self.lines[server].die()

    def instances(self) -> Sequence[StoredInstance]:
        """Return what is stored."""
        return [one for one in self.eye.instances() if isinstance(one, StoredInstance)]

    def instance(self, instance_id: str) -> StoredInstance | None:
        """Return one instance."""
        found = self.eye.instance(instance_id)
        return found if isinstance(found, StoredInstance) else None

    def messages(self) -> Sequence[StoredMessage]:
        """Return what waits."""
        return [one for one, _ in self.eye.messages() if isinstance(one, StoredMessage)]

    def owners(self, instance_id: str) -> Sequence[str]:
        """Return the living servers that trust their lease; nobody where leases are stolen."""
        if self._manager is Manager.LEGACY:
            return ()
        living = [one for one in self._stores if not self.lines[one].is_dead]
        return [one for one in living if self._stores[one].owns(instance_id)]

    def tolerates(self, violation: str, overtaken: Container[str]) -> bool:
        """Tell whether the durability of this layout is known to end there."""
        is_disturbed = any(line.faults or line.is_dead for line in self.lines.values())
        is_disturbed = is_disturbed or self._manager is Manager.LEGACY  # who comes steals leases
        if is_disturbed and is_documented(violation):
            return True
        return is_of_two_servers(violation) or repeated_by(violation) in overtaken

    def close(self) -> None:
        """Let every line end."""
        for line in self.lines.values():
            line.die()


SafeStorage = partial(AccountStorage, manager=Manager.SAFE)
LegacyStorage = partial(AccountStorage, manager=Manager.LEGACY)
ExclusiveStorage = partial(AccountStorage, level=Level.EXCLUSIVE)


def _now() -> float:
    return asyncio.get_running_loop().time()
