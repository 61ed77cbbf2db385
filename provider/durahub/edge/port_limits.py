"""What one connection may ask of the ports, and how many connections there may be.

Whoever reaches a port can send it anything; what is beyond these numbers is refused before it is kept.
"""

from dataclasses import dataclass

MIB = 1024 * 1024

HEADER_BYTES = 16 * 1024
"""Of all headers of a gRPC call, names and values; of the head of an HTTP request."""

HEAD_WITHIN = 20.0
"""Seconds in which the head of an HTTP request has to come, from its first byte or from connecting."""

BODY_WITHIN = 300.0
"""Seconds in which the body of an HTTP request has to come."""

HANDSHAKE_WITHIN = 20.0
"""Seconds that a connection to the gRPC port has to say that it speaks HTTP/2 (and TLS, where that is on)."""


@dataclass(frozen=True, slots=True)
class PortLimits:
    """Limits that users may set: bytes of a gRPC message, calls at once of a connection, connections.

    The calls count for the gRPC port, a call beyond waits at its client. The connections count for each port.
    """

    message_bytes: int = 64 * MIB
    streams: int = 10_000
    connections: int = 1_000


DEFAULT_LIMITS = PortLimits()
