"""Groups of commands to which other packages add theirs, by entry points: the server does not know them."""

from importlib import import_module
from importlib.metadata import EntryPoint, entry_points

import click

COMMANDS = "durahub.commands"
"""The group of entry points that add commands; those of ``durahub hub`` are in ``durahub.commands.hub``.

The package that such a command's module is in may have ``SUMMARIES``, a text for each name (``stuck`` of
``durahub hub`` is ``hub stuck``): then the command is listed without being imported.
"""


class Commands(click.Group):
    """The server's own commands, and those that are added: these are imported when they are called."""

    within = ""  # the words before a command's name, behind ``durahub``

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of all commands."""
        return sorted({*super().list_commands(ctx), *(entry.name for entry in self._added())})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return a command by its name."""
        known = super().get_command(ctx, cmd_name)
        if known is not None:
            return known
        for entry in self._added():
            if entry.name == cmd_name:
                command = entry.load()
                assert isinstance(command, click.Command)  # noqa: S101 (for the types)
                return command
        return None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands."""
        names = self.list_commands(ctx)
        width = formatter.width - 6 - max(map(len, names))
        with formatter.section("Commands"):
            formatter.write_dl([(name, self._summary(ctx, name, width)) for name in names])

    def _summary(self, ctx: click.Context, name: str, width: int) -> str:
        known = f"{self.within} {name}".strip()
        for entry in self._added():
            summaries = getattr(import_module(entry.module.rpartition(".")[0]), "SUMMARIES", {})
            if entry.name == name and known in summaries:
                return str(summaries[known])
        command = self.get_command(ctx, name)
        return command.get_short_help_str(width) if command is not None else ""

    def _added(self) -> tuple[EntryPoint, ...]:
        return tuple(entry_points(group=".".join((COMMANDS, *self.within.split()))))


class HubCommands(Commands):
    """Those of ``durahub hub``."""

    within = "hub"
