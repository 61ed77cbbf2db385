"""Takes the tables of a settings file apart. Strict: a name that nobody knows is an error."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NoReturn

from durahub.configuration.kinds import Unfit
from durahub.configuration.misspelled import no_such_setting


@dataclass(frozen=True, slots=True)
class TomlTables:
    """Reads values at their places, such as ``monitor.grants[0].hubs``.

    *wrong* raises what is wrong at a place; *page* is the one that lists all settings.
    """

    wrong: Callable[[str, str], NoReturn]
    page: str

    def fit(self, take: Callable[[object], Any], value: object, where: str) -> Any:
        """Return what *take* makes of a value."""
        try:
            return take(value)
        except Unfit as unfit:
            self.wrong(where, f"expected {unfit}")

    def listed(self, value: object, where: str) -> list[tuple[str, object]]:
        """Return what stands in a list of tables, each with its place."""
        if not isinstance(value, list):
            self.wrong(where, f"expected tables: [[{where}]]")
        return [(f"{where}[{number}]", one) for number, one in enumerate(value)]

    def members(self, value: object, where: str, known: set[str]) -> dict[str, Any]:
        """Return what stands in a table of *known* names."""
        if not isinstance(value, dict):
            self.wrong(where, "expected a table")
        for name in value:
            if name not in known:
                self.wrong(f"{where}.{name}", no_such_setting(name, known, self.page))
        return value
