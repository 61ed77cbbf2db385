"""A plan as Markdown, for an issue or a wiki."""

from collections.abc import Iterable, Iterator

from durahub_migrate.planning.telling import Section, Table


def lines(sections: Iterable[Section]) -> Iterator[str]:
    """Yield the lines of a page."""
    for number, section in enumerate(sections):
        yield f"{'#' if number == 0 else '##'} {section.title}"
        yield ""
        for place, text in enumerate(section.lines, 1):
            yield f"{place}. {text}" if section.numbered else f"- {text}"
        if section.table is not None:
            yield from _table(section.table)
        for entry in section.entries:
            yield f"- {code(entry.root_id)}: {entry.said}"
            for text in entry.lines:
                yield f"  - {_inline(text)}"
        yield ""


def _table(table: Table) -> Iterator[str]:
    yield _row(table.columns)
    yield _row("---" for _ in table.columns)
    for row in table.rows:
        yield _row(row)


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(_inline(cell) for cell in cells)} |"


def code(text: str) -> str:
    """Return *text* as code, whatever it holds."""
    shown = "".join(one if one.isprintable() else f"\\u{ord(one):04x}" for one in text)
    fence = "`" * (1 + max((len(run) for run in shown.split() if set(run) == {"`"}), default=0))
    fence = "``" if "`" in shown and fence == "`" else fence
    space = " " if shown.startswith("`") or shown.endswith("`") else ""
    return f"{fence}{space}{shown}{space}{fence}"


def _inline(text: str) -> str:
    shown = "".join(one if one.isprintable() else f"\\u{ord(one):04x}" for one in text)
    return shown.replace("\\", "\\\\").replace("|", "\\|").replace("<", "&lt;").replace("*", "\\*")
