"""Looks at this machine: certificates, ports, who may call."""

import asyncio
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
from durahub.edge.http import bind
from durahub.errors import FileUnavailable
from durahub.preflight.certificates import check_certificate
from durahub.preflight.checked import Checked, look

LEAST_SPACE = 256 * 1024 * 1024  # bytes free on the disk of a file


async def looks_here(settings: Settings, now: Callable[[], datetime]) -> list[Checked]:
    """Look at all that needs no storage."""

    async def certificate() -> str:
        if settings.tls is None:
            return "none: the gRPC port speaks plain HTTP/2"
        return check_certificate(*settings.tls, now())

    async def callers() -> str:
        check_listening(settings.host, settings.auth, anonymous=settings.allow_anonymous)
        async with open_gate(settings.auth, os.environ, system_clock, time.monotonic):
            pass
        if settings.auth.are_configured:
            return "callers say who they are"
        return f"everybody who reaches {settings.host} may call"

    found = [
        await look("server.tls", certificate),
        await look("server.auth", callers),
    ]
    ports = {"server.grpc_port": settings.grpc_port, "server.http_port": settings.http_port}
    if settings.api_port is not None:
        ports["server.api_port"] = settings.api_port
    for name, port in ports.items():

        async def free(name: str = name, port: int = port) -> str:
            bind(settings.host, port, f"--{name.removeprefix('server.').replace('_', '-')}").close()
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
