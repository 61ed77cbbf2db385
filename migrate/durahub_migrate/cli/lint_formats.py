"""The formats of ``durahub lint`` by name, and where they are written."""

import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path

import click

from durahub.errors import FileUnavailable
from durahub_migrate.lint.reporting import ci_logs, gitlab, json_form, junit, sarif, tables, text
from durahub_migrate.lint.reporting.results import Results
from durahub_migrate.lint.reporting.text import Style
from durahub_migrate.lint.whole_file import write_whole

Format = Callable[[Results, Style], Iterator[str]]
"""Yields pieces of what is written; those of text are lines."""


def _lines(lines: Callable[[Results, Style], Iterator[str]]) -> Format:
    def pieces(results: Results, style: Style) -> Iterator[str]:
        for line in lines(results, style):
            yield f"{line}\n"

    return pieces


def _plain(pieces: Callable[[Results], Iterable[str]]) -> Format:
    return lambda results, _: iter(pieces(results))


FORMATS: Mapping[str, Format] = {
    "text": _lines(text.text),
    "full": _lines(lambda results, style: text.text(results, style, full=True)),
    "concise": _lines(text.concise),
    "grouped": _lines(text.grouped),
    "json": _plain(json_form.document),
    "jsonl": _plain(json_form.lines),
    "sarif": _plain(sarif.sarif),
    "junit": _plain(junit.junit),
    "github": _lines(lambda results, _: ci_logs.github(results)),
    "gitlab": _plain(gitlab.gitlab),
    "azure": _lines(lambda results, _: ci_logs.azure(results)),
    "markdown": _lines(lambda results, _: tables.markdown(results)),
    "csv": _plain(tables.csv_table),
}

STATISTICS: Mapping[str, Format] = {
    "text": _lines(text.statistics),
    "json": _plain(json_form.statistics),
}


def write(pieces: Iterable[str], file: Path | None) -> None:
    """Write to *file*, or to stdout. Raises `FileUnavailable`."""
    if file is None:
        try:
            for piece in pieces:
                click.echo(_encodable(piece), nl=False)
        except BrokenPipeError:  # whoever reads it has had enough
            raise
        except OSError as error:
            _let_go_of_stdout()
            raise FileUnavailable("stdout", error.strerror or str(error)) from None
        return
    write_whole(file, (piece.encode("utf-8", "backslashreplace") for piece in pieces))


def _let_go_of_stdout() -> None:
    """Send what Python still holds for stdout nowhere: at its end it would try, and fail, once more."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)


def style_for(file: Path | None, *, brief: bool = False) -> Style:
    """Return how text looks there: colors on a terminal alone."""
    lines: dict[str, list[str]] = {}

    def line_of(path: str, number: int) -> str | None:
        if path not in lines:
            try:
                lines[path] = Path(path).read_text("utf-8-sig").splitlines()
            except (OSError, UnicodeDecodeError):
                lines[path] = []
        return lines[path][number - 1] if number <= len(lines[path]) else None

    return Style(colors=file is None and sys.stdout.isatty(), brief=brief, line_of=line_of)


def _encodable(piece: str) -> str:
    """Return *piece* as stdout can take it: values may hold lone surrogates."""
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    return piece.encode(encoding, "backslashreplace").decode(encoding)
