"""Edits of a document: an entry goes, a value becomes another."""

import json

from durahub_migrate.lint.files.document import Document, Member, Node
from durahub_migrate.lint.finding import Edit


def removal(document: Document, member: Member) -> tuple[Edit, ...]:
    """Return the edits that take *member* out; none where the document could not be read as a whole.

    Comments before the entry stay, also where the comma before them has to go.
    """
    if document.problems:
        return ()
    entry, name, value = member.entry, member.name_span, member.value.span
    data = document.text.encode("utf-8", "surrogatepass")
    between = data[entry.start : name.start]
    if not between.startswith(b",") or not between[1:].strip():
        return (Edit(entry.start, entry.stop, ""),)
    kept = data.rfind(b"\n", entry.start, name.start)
    start = kept if kept >= 0 and not data[kept : name.start].strip() else name.start
    return (Edit(entry.start, entry.start + 1, ""), Edit(start, max(entry.stop, value.stop), ""))


def replacement(document: Document, node: Node, value: str | int | bool) -> tuple[Edit, ...]:
    """Return the edit that writes *value* in the place of *node*, as JSON."""
    if document.problems:
        return ()
    written = json.dumps(value, ensure_ascii=False)
    return (Edit(node.span.start, node.span.stop, written),)
