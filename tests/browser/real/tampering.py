"""What goes wrong in accounts: messages that nobody can work off, messages for nobody, a run-out lease."""

from durahub.classic.account import Account
from durahub.dispatch.clock import system_clock
from tests.monitor.looks.recorded_hub import Clock, HubOnAzurite

POISON = 6  # deliveries


async def tamper(connection_string: str, hub: str) -> None:
    """Spoil the recorded hub ``waiting``, which is here as *hub*."""
    account = Account.from_connection_string(connection_string, "the test")
    spoilt = HubOnAzurite(hub, account, Clock(system_clock()))
    try:
        await spoilt.deliver(spoilt.work_items, POISON)
        await spoilt.purge("race-open")  # its messages stay: they are for nobody now
        await spoilt.held([spoilt.queue_of("awaits-event")], by="worker-7", ends_in=3600.0)
        await spoilt.held([spoilt.queue_of("awaits-activity")], by="worker-8", ends_in=-600.0)
    finally:
        await spoilt.close()
