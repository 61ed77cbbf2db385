"""Texts of layouts with what differs from run to run taken out: IDs that were made up, and times.

What can be told of them stays: the shape of an ID; whether a time has its ``Z``.
"""

import re

_GUID = re.compile(r"\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b")
_ID = re.compile(r"(?<![0-9a-f])[0-9a-f]{32}(?![0-9a-f])")
_CHILD = re.compile(r"<id>:\d+|(?<![\w-])[\w-]+:[0-9a-f]{4}(?![\w-])")  # .NET's, Python's
_CHANCE = re.compile(r"(?<=-)[0-7][0-9A-F]{7}(?=-[A-Z])")  # in the names of blobs
_DELAYED = re.compile(r"op@20[012][0-9]-[01]\d-[0-3]\dT\d\d:\d\d:\d\d\.\d{7}Z")
_TIME = re.compile(r"\b202[0-9]-[01]\d-[0-3]\dT[012]\d:[0-5]\d:[0-5]\d(?:\.\d{0,6}[1-9])?(?=Z?\b)")


def neutral_ids(text: str) -> str:
    """Return *text* with marks for GUIDs, execution IDs, IDs of children made from one, and chance."""
    text = _GUID.sub("<guid>", text)
    text = _CHILD.sub("<child>", _ID.sub("<id>", text))
    return _CHANCE.sub("<chance>", text)


def neutral_times(text: str) -> str:
    """Return *text* with marks for times of these years, if they are spelled as .NET spells them."""
    return _TIME.sub("<time>", _DELAYED.sub("op@<time>Z", text))


def neutral(text: str) -> str:
    """Return *text* without what differs from run to run."""
    return neutral_times(neutral_ids(text))
