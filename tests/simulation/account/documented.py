"""What a hub in queues and tables may show though nothing is wrong: docs/durability.md says so.

An episode whose checkpoint was lost runs again and sends again: what an orchestration had sent already, an
event or an operation, comes twice, with another message. And a queue keeps no order: of two clients'
signals the later may be first. Every storage of DTFx does so. It is counted, and is no violation.

Mostly that takes a fault. Without one a checkpoint is lost where a purge meets the next start under the
same ID, an end is forced, or a lease is stolen, as the legacy manager does; and what is sent to the
partition's own server is handed over at once, while what another took is still to be received.

What a client sends comes once, whatever happens.
"""

import re

_REPEATED = (
    re.compile(r"@\S+ did (?!client/)(?P<sender>[^/\s]+)/\S+( (enter|leave) \S+)? twice"),
    re.compile(
        r"@\S+ did (?P<sender>[^/\s]+)/\S+ (enter|leave) (?P<section>\S+) while (?P=section) had it locked"
    ),
    re.compile(r"(after a commit of )?\S+: the event (?P<sender>[^/\s]+)/\S+/\d+ is there twice"),
)
_UNORDERED = re.compile(r"@\S+ did client/\S+ before client/\S+, which was sent first")
_TWO_SERVERS = re.compile(_UNORDERED.pattern + r" \(to another server\)")


def is_documented(violation: str) -> bool:
    """Tell whether *violation* is such a repetition, or of the order of signals."""
    patterns = (*_REPEATED, _UNORDERED)
    return any(pattern.fullmatch(violation) is not None for pattern in patterns)


def is_of_two_servers(violation: str) -> bool:
    """Tell whether *violation* is of the order of signals that two servers took."""
    return _TWO_SERVERS.fullmatch(violation) is not None


def repeated_by(violation: str) -> str:
    """Return the instance that sent what came twice; ``""`` if *violation* says no such thing."""
    found = next((one for pattern in _REPEATED if (one := pattern.fullmatch(violation))), None)
    return found["sender"] if found is not None else ""
