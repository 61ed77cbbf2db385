"""App settings by the rules of .NET's configuration: any case, and ``__`` or ``:`` between the parts.

``Storage__accountName`` and ``STORAGE:ACCOUNTNAME`` are one setting, part ``accountName`` of section
``Storage``. What a Functions app is told by its app settings is found here as that app finds it.
"""

from collections.abc import Mapping

CONNECTION_PREFIX = "AzureWebJobs"
_CONNECTION_STRINGS = "ConnectionStrings"
# App Service hands connection strings to an app in variables that begin with what they are for.
_CONNECTION_VARIABLES = ("CUSTOMCONNSTR_",)


class AppSettings:
    """Settings from several sources; what an earlier source says counts."""

    def __init__(self, *sources: Mapping[str, str]) -> None:
        self._values: dict[str, tuple[str, str]] = {}  # by folded key: as it is spelled, the value
        for source in sources:
            for name, value in source.items():
                self._values.setdefault(_folded(_as_setting(name)), (name, value))

    def __contains__(self, name: str) -> bool:
        """Tell whether *name* is set, be it to nothing."""
        return _folded(name) in self._values

    def get(self, name: str) -> str | None:
        """Return the value of *name*, ``None`` if it is not set."""
        found = self._values.get(_folded(name))
        return None if found is None else found[1]

    def below(self, section: str) -> dict[str, tuple[str, str]]:
        """Return what is set below *section*, by the rest of its key in lower case, parts joined by ``:``.

        Each with the name under which it was set, and its value.
        """
        prefix = f"{_folded(section)}:"
        return {
            key[len(prefix) :]: found
            for key, found in self._values.items()
            if key.startswith(prefix)
        }

    def exists(self, section: str) -> bool:
        """Tell whether *section* has a value, or parts."""
        return section in self or bool(self.below(section))

    def connection(self, name: str) -> str | None:
        """Return the section in which a Functions app finds its connection *name*; ``None``: nowhere.

        With the prefix ``AzureWebJobs`` first, and among the connection strings first.
        """
        for candidate in (f"{CONNECTION_PREFIX}{name}", name):
            for section in (f"{_CONNECTION_STRINGS}:{candidate}", candidate):
                if self.exists(section):
                    return section
        return None


def _as_setting(name: str) -> str:
    for prefix in _CONNECTION_VARIABLES:
        if name.upper().startswith(prefix):
            return f"{_CONNECTION_STRINGS}:{name[len(prefix) :]}"
    return name


def _folded(name: str) -> str:
    return name.replace("__", ":").lower()
