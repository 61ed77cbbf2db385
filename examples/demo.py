"""The demonstration of `python3 dev.py demo`: a server, an app, and what the app leaves in storage.

It runs on free ports and a temporary folder, and leaves nothing behind.
"""

import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from durahub.errors import DurahubError
from durahub.local.server import running_server

APP = Path(__file__).with_name("chaining.py")
INSTANCE = "demo-trip"
DURAHUB = (sys.executable, "-m", "durahub.cli.main")


def main() -> int:
    with tempfile.TemporaryDirectory(prefix="durahub-demo-") as folder:
        # of its own: the other commands find this server, and not another one that may be running
        state = {"DURAHUB_STATE_DIR": folder}
        arguments = ("--data", str(Path(folder) / "azurite"), "--azurite-ports", "0,0,0")
        title("A server: storage on this machine, and an endpoint for apps", "durahub up")
        with running_server(arguments, env=state) as server:
            said = server.output().splitlines()
            print("\n".join(line for line in said if not line.startswith("{")))
            print(
                f"apps: {server.ready.endpoint} (gRPC), health and metrics: {server.ready.http_url}"
            )

            title("An app: worker and client in a process of their own", f"python {APP.name}")
            app = {"ENDPOINT": server.ready.endpoint, "INSTANCE": INSTANCE}
            run([sys.executable, str(APP)], {**state, **app})

            title("What is in the task hub now", "durahub instance list")
            run([*DURAHUB, "instance", "list"], state)

            title("What happened, event by event", f"durahub instance history {INSTANCE}")
            run([*DURAHUB, "instance", "history", INSTANCE], state)
        title("Your own app", "durahub up")
        print(
            "Start a server to stay, and give the Durable Task SDK of your language what it prints:\n"
            "an endpoint, http://localhost:8080, and the task hub, default; or the connection string\n"
            "Endpoint=http://localhost:8080;TaskHub=default;Authentication=None\n"
            "`durahub up --data .durahub` keeps its data when it stops. More apps: examples/"
        )
    return 0


def title(what: str, command: str) -> None:
    print(f"\n== {what}\n$ {command}", flush=True)


def run(command: list[str], env: Mapping[str, str]) -> None:
    """Run a command to its end; a failure ends the demonstration."""
    subprocess.run(command, env={**os.environ, **env}, check=True)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except DurahubError as error:
        sys.exit(str(error))
