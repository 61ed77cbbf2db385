"""Fixes of files: found by judging them, applied in rounds, shown or written. Live data is never fixed."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from durahub_migrate.cli.lint_run import Asked, lint
from durahub_migrate.lint.book import Book
from durahub_migrate.lint.finding import Fix
from durahub_migrate.lint.fixing import diff, settled
from durahub_migrate.lint.rule import Rule
from durahub_migrate.lint.sources.folder import FolderSource
from durahub_migrate.lint.sources.source import Source
from durahub_migrate.lint.writing import write_fixed


def fixed_texts(
    asked: Asked, source: FolderSource, rules: Sequence[Rule[Any]], *, unsafe: bool
) -> dict[str, str]:
    """Return the texts of *source*'s files as they are with all fixes. Nothing is written."""
    without_baseline = replace(asked, update_baseline=False)

    def wanted(texts: Mapping[str, str]) -> Iterable[Fix]:
        book = Book()
        try:
            asyncio.run(lint(without_baseline, [source.replaced(texts)], rules, book))
            return [finding.fix for finding in book.findings() if finding.fix is not None]
        finally:
            book.close()

    return settled(source.texts, wanted, unsafe)


def differences(
    asked: Asked, sources: Iterable[Source], rules: Sequence[Rule[Any]], *, unsafe: bool
) -> str:
    """Return what fixes would change, as one unified difference."""
    said = ""
    for source in sources:
        if isinstance(source, FolderSource):
            after = fixed_texts(asked, source, rules, unsafe=unsafe)
            said += "".join(diff(path, text, after[path]) for path, text in source.texts.items())
    return said


def write_fixes(
    asked: Asked, sources: Iterable[Source], rules: Sequence[Rule[Any]], *, unsafe: bool
) -> tuple[list[Source], list[str]]:
    """Write the fixed files; return the sources as they are then, and the files that were changed.

    Raises `FileChanged`, `FileUnavailable`.
    """
    then: list[Source] = []
    changed: list[str] = []
    for source in sources:
        if isinstance(source, FolderSource):
            before = source.texts
            after = fixed_texts(asked, source, rules, unsafe=unsafe)
            for path in sorted(after):
                if after[path] != before[path]:
                    write_fixed(path, before[path], after[path])
                    changed.append(path)
            then.append(source.replaced(after))
        else:
            then.append(source)
    return then, changed
