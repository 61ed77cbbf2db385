"""Fixes of entries in host.json. Of what was read from app settings, or from a broken file, there is none."""

from durahub_migrate.lint.facts.apps import Entry
from durahub_migrate.lint.files.changing import removal, replacement
from durahub_migrate.lint.files.document import Document, Member
from durahub_migrate.lint.finding import Edit, Fix


def without(entry: Entry, *, safe: bool = True) -> Fix | None:
    """Return the fix that takes *entry* out."""
    if entry.document is None or entry.member is None:
        return None
    return without_member(entry.document, entry.member, safe=safe)


def without_member(document: Document, member: Member, *, safe: bool = True) -> Fix | None:
    """Return the fix that takes *member* out of *document*."""
    edits = removal(document, member)
    return Fix(f"remove {member.name}", document.path, edits, safe) if edits else None


def rewritten(entry: Entry, value: str | int | bool, *, safe: bool = True) -> Fix | None:
    """Return the fix that gives *entry* another value."""
    if entry.document is None or entry.member is None:
        return None
    edits = replacement(entry.document, entry.member.value, value)
    title = f"set {entry.member.name} to {value}"
    return Fix(title, entry.document.path, edits, safe) if edits else None


def renamed(entry: Entry, name: str, *, safe: bool = True) -> Fix | None:
    """Return the fix that gives *entry* another name."""
    if entry.document is None or entry.member is None or entry.document.problems:
        return None
    span = entry.member.name_span
    edit = Edit(span.start, span.stop, f'"{name}"')
    return Fix(f"rename {entry.member.name} to {name}", entry.document.path, (edit,), safe)
