"""Names in host.json that app settings fill in: ``%TASKHUB_NAME%``."""

import re
from collections.abc import Iterable, Iterator

from durahub_migrate.lint.facts.apps import SettingsFile

_NAME = re.compile(r"%([^%\s]+)%")


def names_in(text: str) -> Iterator[str]:
    """Yield the names of app settings that *text* holds between percent signs."""
    for found in _NAME.finditer(text):
        yield found[1]


def filled(text: str, files: Iterable[SettingsFile]) -> set[str]:
    """Return what *text* becomes with each of *files*; nothing where none has all names."""
    if not any(names_in(text)):
        return {text}
    results = set()
    for file in files:
        result = text
        for name in names_in(text):
            entry = file.get(name)
            if entry is None or not entry.text:
                break
            result = result.replace(f"%{name}%", entry.text)
        else:
            results.add(result)
    return results
