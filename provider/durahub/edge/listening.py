"""The ports of a server: taken at the address that the settings name, or refused with the reason."""

import asyncio
import errno
import os
import socket
from typing import Any

from durahub.errors import BadSetting, DurahubError, PortInUse

GRPC_OPTION = "--grpc-port"
_NO_ACCESS = (errno.EACCES, errno.EPERM)


def bind(host: str, port: int, option: str, what: str = "HTTP") -> socket.socket:
    """Return a listening socket; port 0 takes any free one. Raises `PortInUse`, `BadSetting`.

    *what* is spoken there, and *option* chooses another port.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # Named, for asyncio turns Nagle's algorithm off for TCP alone: else each answer with a body waits 40 ms.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(128)
    except OSError as error:
        listener.close()
        raise why_not(error, host, port, what, option) from None
    return listener


async def check_free(host: str, port: int) -> None:
    """Raise `PortInUse` if any address of *host* is taken; gRPC is content with one that is free.

    Raises `BadSetting` where none of them can be listened on.
    """
    loop = asyncio.get_running_loop()
    try:
        found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except OSError as error:
        raise why_not(error, host, port, "gRPC", GRPC_OPTION) from None
    failed = [why for family, _, _, _, address in found if (why := _try(family, address))]
    for one in failed:
        if one.errno in (errno.EADDRINUSE, *_NO_ACCESS) or len(failed) == len(found):
            raise why_not(one, host, port, "gRPC", GRPC_OPTION)


def why_not(error: OSError, host: str, port: int, what: str, option: str) -> DurahubError:
    """Return what an *error* of the system means to who has chosen *host* and *port*."""
    if error.errno == errno.EADDRINUSE:
        return PortInUse(port, what, option)
    if error.errno in _NO_ACCESS:
        return BadSetting("the listening port", port, "a port that may be opened")
    return BadSetting("the listening address", host, "a name or an IP address of this machine")


def _try(family: int, address: Any) -> OSError | None:
    """Bind *address* and let it go; return what stands in the way.

    That may be a family that this machine does not speak, as gRPC will find as well.
    """
    try:
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            if os.name == "posix":  # elsewhere it would let two listeners share the port
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if family == socket.AF_INET6:
                probe.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            probe.bind(address)
    except OSError as error:
        return error
    return None
