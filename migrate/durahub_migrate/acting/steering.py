"""What is asked of a running instance in the same words, whatever keeps it."""

from typing import Protocol

from durahub_migrate.acting.arguments import Arguments
from durahub_migrate.acting.telling import done
from durahub_migrate.monitor.actions import Command, Done, Verb


class Steered(Protocol):
    """Who can be asked: the operations of a hub in a store, or the client of an endpoint."""

    async def raise_event(self, instance_id: str, name: str, data: str | None, /) -> None:
        """Send an external event."""

    async def suspend(self, instance_id: str, reason: str | None) -> None:
        """Ask an instance to pause."""

    async def resume(self, instance_id: str, reason: str | None) -> None:
        """Ask an instance to go on."""

    async def terminate(self, instance_id: str, output: str | None, *, recursive: bool) -> None:
        """Ask an instance to end."""

    async def restart(self, instance_id: str, *, new_id: bool) -> str:
        """Start an instance again; return the ID."""

    async def rewind(self, instance_id: str, reason: str | None) -> None:
        """Run a failed instance again from its failure."""


async def steer(
    hub: Steered, command: Command, arguments: Arguments, name: str | None
) -> Done | None:
    """Do *command* to an orchestration of that *name*; return ``None`` if it is none of these verbs."""
    target, reason = command.target, command.reason
    match command.verb:
        case Verb.RAISE_EVENT:
            event = arguments.required("name")
            await hub.raise_event(target, event, arguments.json("data"))
            return done(command, f"event {event} is on its way to it")
        case Verb.SUSPEND:
            await hub.suspend(target, reason)
            return done(command, "it is asked to pause")
        case Verb.RESUME:
            await hub.resume(target, reason)
            return done(command, "it is asked to go on")
        case Verb.TERMINATE:
            await hub.terminate(target, reason, recursive=arguments.flag("recursive"))
            return done(command, "it is asked to end")
        case Verb.RESTART:
            new = await hub.restart(target, new_id=arguments.flag("newId"))
            return done(command, f"{name} is started again as {new}", instance_id=new)
        case Verb.REWIND:
            await hub.rewind(target, reason)
            return done(command, "it runs again from its failure")
    return None
