"""Parsers with bugs of the kinds that fuzzing is for; the suite proves with them that it finds such."""

import os
import re

from durahub.errors import BadMessage
from tests.fuzz.target import clean_text_of, target


def off_by_one(data: bytes) -> bytes:
    """Return what ``LENGTH:`` announces; it reads one byte too few of the last one."""
    head, colon, rest = data.partition(b":")
    if not colon or not head.isdigit() or len(head) > 3:
        raise BadMessage("no length")
    if len(rest) < int(head):
        raise BadMessage("cut off")
    return rest[: int(head)] if int(head) < 7 else rest[: int(head) - 1]


@target("off-by-one", words=(b"7:", b"12:", b"a text of some length"))
def planted_off_by_one(data: bytes) -> None:
    """A length before a text: all of the text has to come back."""
    found = off_by_one(data)
    assert len(found) == int(data.partition(b":")[0])


@target("key-error", words=(b"kind=", b"lease", b"message", b";"))
def planted_key_error(data: bytes) -> None:
    """Pairs, of which one kind needs another member than all the others."""
    pairs = dict(
        pair.split("=", 1) for pair in clean_text_of(data).split(";") if pair.count("=") == 1
    )
    if pairs.get("kind") == "lease":
        pairs["owner"].strip()


SLOW = re.compile(r"(?:[a-z]+)+=")


@target("slow-regex", seconds=1)
def planted_slow_regex(data: bytes) -> None:
    """A name and a value: the expression tries each way to cut the name into pieces."""
    SLOW.match(clean_text_of(data))


@target("bomb", words=(b"4096", b"9000000", b":"), memory=1024 * 1024)
def planted_bomb(data: bytes) -> None:
    """A number of bytes, which are made at once however few have come."""
    head = data.partition(b":")[0]
    if head.isdigit() and len(head) < 8:
        bytearray(int(head))


@target("swallowed", words=(b"(", b")"))
def planted_swallowed(data: bytes) -> None:
    """A pair of brackets around nothing is taken for a text: another reader refuses it."""
    text = clean_text_of(data)
    one = text.startswith("(") and text.endswith(")")
    other = text.startswith("(") and text.endswith(")") and len(text) > 2
    assert one == other


@target("ending", words=(b"end",))
def planted_end(data: bytes) -> None:
    """A word that ends the process, as if all were well."""
    if data[:3] == b"end":
        os._exit(0)


@target("quiet")
def planted_nothing(data: bytes) -> None:
    """Nothing is wrong with this one."""
    clean_text_of(data)
