"""Looks at this machine: certificates, ports, who may call."""

import asyncio
import contextlib
import os
import shutil
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from durahub.authorization.opening import open_gate
from durahub.authorization.settings import check_listening
from durahub.configuration.settings import Settings
from durahub.dispatch.clock import system_clock
from durahub.edge.listening import GRPC_OPTION, bind, check_free
from durahub.errors import FileUnavailable
from durahub.preflight.certificates import check_authorities, check_certificate
from durahub.preflight.checked import Checked, look

LEAST_SPACE = 256 * 1024 * 1024  # bytes free on the disk of a file


async def looks_here(settings: Settings, now: Callable[[], datetime]) -> list[Checked]:
    """Look at all that needs no storage."""

    async def certificate() -> str:
        if settings.tls is None:
            return "none: the gRPC port speaks plain HTTP/2"
        return check_certificate(*settings.tls, now())

    async def clients() -> str:
        assert settings.client_ca is not None  # noqa: S101 (for the types)
        until = check_authorities(settings.client_ca, now())
        return f"the gRPC port takes no connection without a client certificate; {until}"

    async def callers() -> str:
        check_listening(settings.host, settings.auth, anonymous=settings.allow_anonymous)
        async with open_gate(settings.auth, os.environ, system_clock, time.monotonic):
            pass
        if settings.auth.are_configured:
            return "callers say who they are"
        who = "everybody who reaches" if settings.client_ca is None else "who has a certificate at"
        return f"{who} {settings.host} may call"

    found = [await look("server.tls", certificate)]
    if settings.client_ca is not None:
        found.append(await look("server.tls.client_ca", clients))
    return [*found, await look("server.auth", callers), *await _looks_at_ports(settings)]


async def _looks_at_ports(settings: Settings) -> list[Checked]:
    """Look at the ports, which are all held until the last: one of them may have been given twice."""
    ports: list[tuple[str, str, str, int | None]] = [
        ("server.grpc_port", "gRPC", GRPC_OPTION, settings.grpc_port),
        ("server.http_port", "HTTP", "--http-port", settings.http_port),
        ("server.api_port", "HTTP", "--api-port", settings.api_port),
    ]
    found = []
    with contextlib.ExitStack() as held:
        for name, what, option, port in ports:
            if port is None:
                continue

            async def free(what: str = what, option: str = option, port: int = port) -> str:
                if what == "gRPC":
                    await check_free(settings.host, port)
                held.enter_context(bind(settings.host, port, option, what))
                return f"port {port} is free" if port else "any free port"

            found.append(await look(name, free))
    return found


async def look_at_file(place: str) -> Checked:
    """Look at the folder of a SQLite file, and at the space there is."""

    async def folder() -> str:
        if place == ":memory:":
            return "in memory: gone when the server stops"
        free = await asyncio.to_thread(_space, place)
        if free < LEAST_SPACE:
            raise FileUnavailable(place, f"only {free // 2**20} MiB are free on its disk")
        return f"{free // 2**20} MiB are free"

    return await look("disk", folder)


def _space(place: str) -> int:
    """Return how many bytes are free beside the file *place*. Raises `FileUnavailable`."""
    folder = Path(place).resolve().parent
    if not os.access(folder, os.W_OK):
        raise FileUnavailable(place, "its folder is not there, or cannot be written")
    return shutil.disk_usage(folder).free
