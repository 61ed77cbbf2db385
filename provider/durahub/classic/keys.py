r"""Partition keys: an instance ID in the form that Azure Tables accepts.

``/ \ # ?`` and control characters are refused in a key, so each is written as ``^`` and one more
character. Escaping is not idempotent. Source: DurableTask.AzureStorage, ``Tracking/KeySanitation.cs``.
"""

import functools
import re

from durahub.errors import BadPartitionKey

_MOVED = 0xC0  # control characters are moved up to where they are letters
_NAMED = {"^": "^^", "/": "^0", "\\": "^1", "#": "^2", "?": "^3"}
_TO_SAFE = str.maketrans(
    _NAMED | {chr(c): f"^{chr(c + _MOVED)}" for c in (*range(0x20), *range(0x7F, 0xA0))}
)
_RAW = {safe: raw for raw, safe in _NAMED.items()}
_ESCAPED = re.compile(r"\^(.?)", re.DOTALL)


@functools.lru_cache(maxsize=1024)  # each row of an instance asks for the same
def escape(instance_id: str) -> str:
    """Return the partition key of *instance_id*: ``"order/7"`` gives ``"order^07"``."""
    return instance_id.translate(_TO_SAFE)


def unescape(key: str) -> str:
    """Return the instance ID of *key*, as tolerantly as .NET does.

    A writer older than 2021 left ``^`` as it is, so an unknown escape stands for its character.
    Raises `BadPartitionKey` only where the key ends with a lone ``^``.
    """

    def raw(match: re.Match[str]) -> str:
        known = _RAW.get(match[0])
        if known is not None:
            return known
        if not match[1]:
            raise BadPartitionKey(key)
        code = ord(match[1])
        return chr(code - _MOVED) if code >= _MOVED else match[1]

    return _ESCAPED.sub(raw, key)
