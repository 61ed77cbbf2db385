"""A server with a bug, which the fault suite must find: python -m tests.fault.planted BUG [serve options]."""

import argparse
import asyncio
import random
import sys

from durahub.cli.server_life import serve_until_stopped, stop_signal
from durahub.configuration.settings import Settings
from tests.fault.planted.stores import BUGS, PlantedStorage


def main(words: list[str]) -> None:
    """Serve until asked to stop, as ``durahub serve`` does."""
    options = argparse.ArgumentParser()
    options.add_argument("bug", choices=sorted(BUGS))
    options.add_argument("--store", required=True)  # sqlite:FILE
    options.add_argument("--hub", required=True)
    options.add_argument("--format")
    options.add_argument("--grpc-port", type=int)
    options.add_argument("--http-port", type=int)
    options.add_argument("--api-port")
    said = options.parse_args(words)
    settings = Settings(
        store=said.store,
        hubs=(said.hub,),
        grpc_port=said.grpc_port,
        http_port=said.http_port,
        api_port=None,
    )
    storage = PlantedStorage(said.store.removeprefix("sqlite:"), said.bug, random.Random(said.bug))

    async def serve() -> None:
        with stop_signal() as stop:
            await serve_until_stopped(storage, settings, stop, output="json")

    asyncio.run(serve())


main(sys.argv[1:])
