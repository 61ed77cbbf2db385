r"""Patterns: ``*`` stands for any characters, ``\*`` and ``\\`` for themselves.

This is the form in which a condition has its values; what was typed is brought into it by `canonical`.
"""

import functools
import re

_TYPED = re.compile(r'\\(?P<literal>[*"\\])|(?P<backslash>\\)', re.DOTALL)
_PART = re.compile(r"\\([*\\])|(\*)|([^\\*]+)", re.DOTALL)


def canonical(typed: str) -> str:
    r"""Return the pattern of what was typed, where ``\`` is an escape only before ``*``, ``"`` and ``\``."""
    return _TYPED.sub(
        lambda found: {None: r"\\", '"': '"'}.get(found["literal"], found[0]),
        typed,
    )


def literal(text: str) -> str:
    """Return the pattern that only *text* fits."""
    return re.sub(r"[*\\]", r"\\\g<0>", text)


@functools.lru_cache(maxsize=1024)
def pieces(pattern: str) -> tuple[str, ...]:
    """Return the literal texts between the stars of *pattern*; one alone is the whole text."""
    found = [""]
    for part in _PART.finditer(pattern):
        if part[2]:
            found.append("")
        else:
            found[-1] += part[1] or part[3]
    return tuple(found)


def plain(pattern: str) -> str:
    """Return *pattern* as text, its stars as they are."""
    return "*".join(pieces(pattern))


def fits(text: str, pattern: str) -> bool:
    """Tell whether all of *text* is as *pattern* says."""
    first, *rest = pieces(pattern)
    if not rest:
        return text == first
    *middle, last = rest
    place, end = len(first), len(text) - len(last)
    if place > end or not (text.startswith(first) and text.endswith(last)):
        return False
    for piece in middle:  # the leftmost place of each is best: more is left for those that follow
        place = text.find(piece, place, end)
        if place < 0:
            return False
        place += len(piece)
    return True


def contains(text: str, pattern: str) -> bool:
    """Tell whether a part of *text* is as *pattern* says."""
    return fits(text, f"*{pattern}*")
