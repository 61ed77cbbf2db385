"""The partitions that are worked on: what is closed at once is closed in their order."""

from durahub.classic.partitioning.holding import Holding, now

PARTITIONS = [f"hub-control-{number:02d}" for number in range(16)]


class User:
    """Notes what is opened and closed."""

    def __init__(self) -> None:
        self.closed: list[str] = []

    def open_partition(self, partition: str) -> None: ...

    async def close_partition(self, partition: str) -> None:
        self.closed.append(partition)


async def test_all_partitions_are_closed_in_their_order() -> None:
    """So that a simulated run is the same in every process: a set has another order in each."""
    user = User()
    holding = Holding(user, 30.0)
    for partition in PARTITIONS:
        holding.trust(partition, now())
        holding.open(partition)
    await holding.close_all(5.0)
    assert user.closed == PARTITIONS


async def test_partitions_that_are_no_longer_trusted_are_closed_in_their_order() -> None:
    user = User()
    holding = Holding(user, 30.0)
    for partition in PARTITIONS:
        holding.trust(partition, now())
        holding.open(partition)
        holding.distrust(partition)
    holding.close_untrusted()
    await holding.close_all(5.0)
    assert user.closed == PARTITIONS
