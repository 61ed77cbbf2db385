"""The monitor's query language, its saved views, and what is shown of texts."""

import contextlib
import io
import json
import sqlite3
from functools import cache

from rich.console import Console

from durahub.errors import BadQuery
from durahub.model.ticks import Ticks
from durahub_migrate.monitor.exporting.comma_separated import guarded
from durahub_migrate.monitor.exporting.exporting import Format, exported
from durahub_migrate.monitor.querying.completing import complete, conditions
from durahub_migrate.monitor.querying.describing import describe
from durahub_migrate.monitor.querying.matching import matches
from durahub_migrate.monitor.querying.narrowing import narrow
from durahub_migrate.monitor.querying.parsing import parse
from durahub_migrate.monitor.querying.patterns import canonical, contains, fits, literal
from durahub_migrate.monitor.querying.writing import write
from durahub_migrate.monitor.row import Kind, Row
from durahub_migrate.monitor.telling.document import document_text, read_document
from durahub_migrate.monitor.telling.redaction import masked
from durahub_migrate.monitor.views import from_text, to_text
from durahub_migrate.tui.plain import block, line
from durahub_migrate.watching.index.functions import add_functions
from durahub_migrate.watching.index.record import tags_text
from tests.fuzz.target import JSON, TIMES, clean_text_of, target, text_of

NOW = Ticks(639_000_000_000_000_000)
QUERY = (
    b"status:",
    b"name~",
    b"tag.",
    b"age>",
    b"created>=",
    b"is:",
    b"(",
    b")",
    b"|",
    b'"',
    b"\\",
    b"*",
)
QUERY += (
    b" or ",
    b" and ",
    b"not ",
    b"-",
    b"none",
    b"today",
    b"size>1MB",
    b"(" * 50,
    b"-" * 50,
    *TIMES,
)
ROWS = (
    Row(hub="h@a", instance_id="order/7", name="Order", status="Failed", created=NOW, output="no"),
    Row(hub="h@a", instance_id="@a@b", kind=Kind.ENTITY, name="a", tags={"region": "EU"}),
)


@target("query", words=QUERY)
def query(data: bytes) -> None:
    """A query. One that parses is written and parsed the same, described, narrowed and evaluated."""
    text = text_of(data)
    for at in {0, len(text) // 2, len(text)}:
        complete(text, at)
    conditions(text)
    found = parse(text, NOW)
    assert parse(write(found.node), NOW).node == found.node
    describe(found)
    narrow(found)
    for row in ROWS:
        matches(found, row)


@target("query-patterns", words=(b"*", b"\\*", b"\\\\", b"**", b"\n", b"a*" * 40, b"*a" * 100))
def query_patterns(data: bytes) -> None:
    """A pattern and a text, a line each. Only a text itself fits the pattern that is made of it."""
    pattern, _, text = clean_text_of(data).partition("\n")
    fits(text, canonical(pattern))
    contains(text, canonical(pattern))
    assert fits(text, literal(text))
    assert fits(text, literal(pattern)) == (text == pattern)


@target("saved-views", words=(*JSON, *QUERY[:8], b"query", b"columns", b"sort", b"name", b"shared"))
def saved_views(data: bytes) -> None:
    """A file of saved views. One that is taken is written and read the same."""
    found = from_text(clean_text_of(data), NOW)
    assert from_text(to_text(found), NOW) == tuple(view for view in found)


@target("instance-document", words=(*JSON, *TIMES, b"format", b"version", b"history", b"events"))
def instance_document(data: bytes) -> None:
    """An instance as a file to hand on. What is read is written and read the same."""
    found = read_document(data)
    assert read_document(document_text(found)) == found


@target(
    "redaction",
    words=(*JSON, b'"password":"', b'\\"token\\":', b"AccountKey=", b'"secret" : ', b"sig="),
)
def redaction(data: bytes) -> None:
    """A payload before anybody sees it: the value of a member called like a secret is not in it."""
    text = clean_text_of(data)
    masked(text)
    secret = json.dumps({"a": text, "password": "s3cr3t-value"})
    assert "s3cr3t-value" not in masked(secret)
    assert "s3cr3t-value" not in masked(json.dumps({"inner": secret}))


@target(
    "shown-text",
    words=(b"\x1b[31m", b"\x1b]0;", b"\x9b", b"\r", b"\x07", b"[bold]", b"[/]", b"=cmd|"),
)
def shown_text(data: bytes) -> None:
    """A text of somebody's on a terminal or in a spreadsheet: it cannot steer either."""
    text = clean_text_of(data)
    out = io.StringIO()
    console = Console(file=out, width=60, force_terminal=False, color_system=None)
    console.print(line(text, 40))
    console.print(block(text))
    assert not set(out.getvalue()) & {
        chr(code) for code in (*range(10), *range(11, 32), *range(127, 160))
    }
    assert not guarded(text).startswith(("=", "+", "-", "@", "\t", "\r"))
    row = Row(hub="h", instance_id=text, name=text, status="Failed", tags={text: text})
    for form in (Format.CSV, Format.JSONL):
        b"".join(exported([row], form))


@cache
def database() -> sqlite3.Connection:
    found = sqlite3.connect(":memory:")
    add_functions(found)
    return found


@target("index-tags", words=(*JSON, b"*"))
def index_tags(data: bytes) -> None:
    """Tags in the index's file, as SQLite's conditions and orders look into them."""
    text, _, name = clean_text_of(data).partition("\n")
    tags = tags_text({name: text, text: name})
    with contextlib.suppress(BadQuery):
        for statement, given in (
            ("SELECT tag_fits(?, ?, 1, ?)", (tags, name, "a*")),
            ("SELECT tag_value(?, ?)", (tags, name)),
            ("SELECT fold(?)", (text,)),
        ):
            database().execute(statement, given).fetchall()
