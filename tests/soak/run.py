"""A soak: a server, workers and clients for a time, watched, then left alone, then judged."""

import secrets
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from durahub.local.azurite import running_azurite
from tests.conftest import STORE
from tests.sdk.python_hub import PythonHub, python_worker
from tests.soak.figures import MOST_GROWTH, Counts, Sample, Verdict, judge
from tests.soak.load import PATIENCE, Clients
from tests.soak.server import SERVE, SoakServer, soak_server

WORKERS = 2
REST = 60.0  # seconds that a server has to come to rest

Tell = Callable[[Sample, Counts], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Soak:
    """What to do: on which store (``sqlite`` or ``azurite``), how long, how many instances a second."""

    store: str
    seconds: float
    rate: float
    every: float = 5.0  # seconds between two samples
    patience: float = PATIENCE  # seconds until an instance that has not ended is lost
    rest: float = REST
    most_growth: float = MOST_GROWTH
    command: Sequence[str] = SERVE


def soaked(soak: Soak, tell: Tell = lambda _, __: None) -> Verdict:
    """Run *soak* and return the verdict; *tell* is told of each sample."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="durahub-soak-")))
        store, env = stack.enter_context(_store(soak.store, folder))
        hub = f"Soak{secrets.token_hex(4)}"
        server = stack.enter_context(soak_server(store, hub, folder, env, soak.command))
        client = PythonHub(server.endpoint, hub)
        stack.enter_context(client.client)
        for _ in range(WORKERS):
            stack.enter_context(python_worker(server.endpoint, hub))
        client.output("py_greet_all", ["Lima"])  # all connections are there
        clients = Clients(client, soak.rate, patience=soak.patience)
        before = _at_rest(server, soak.rest)
        samples = _watched(soak, server, clients, tell)
        clients.check_accounts()
        after = _at_rest(server, soak.rest)
        return judge(clients.counts, samples, before, after, most_growth=soak.most_growth)


def _watched(soak: Soak, server: SoakServer, clients: Clients, tell: Tell) -> list[Sample]:
    """Have *clients* at work, and return the samples of that time."""
    load = threading.Thread(target=clients.run, args=(soak.seconds,), name="clients")
    began, samples = time.monotonic(), []
    load.start()
    try:
        while load.is_alive():
            at = time.monotonic() - began
            sample = server.sample(at, clients.counts.ended)
            tell(sample, clients.counts)
            if at <= soak.seconds or not samples:
                samples.append(sample)
            load.join(soak.every)
    finally:
        clients.stop()
        load.join()
    return samples


def _at_rest(server: SoakServer, within: float) -> Sample:
    """Return a sample of the server when nothing is left to be done, or when it had time enough."""
    last = time.monotonic() + within
    while True:
        sample = server.sample(0.0, 0)
        held = sample.sessions + sample.messages + sample.open_items + sample.slots + sample.calls
        if not held or time.monotonic() > last:
            return sample
        time.sleep(0.5)  # a look is work of the server that is looked at


@contextmanager
def _store(kind: str, folder: Path) -> Iterator[tuple[str, dict[str, str]]]:
    if kind == "sqlite":
        yield f"sqlite:{folder / 'hubs.db'}", {}
        return
    with running_azurite(folder / "azurite") as azurite:
        yield f"env:{STORE}", {STORE: azurite.connection_string}


def progress(sample: Sample, counts: Counts) -> None:
    """Print one line on standard error."""
    errors = sum(counts.errors.values())
    sys.stderr.write(
        f"{sample.at:7.0f} s  {counts.ended:7d} ended  {sample.memory:6.1f} MiB  age {sample.age:3.0f} s  "
        f"{sample.sessions:4d} sessions  {sample.messages:5d} messages  {sample.tasks:5d} tasks  "
        f"{errors} errors  {len(counts.lost)} lost  {len(counts.wrong)} wrong\n"
    )
    sys.stderr.flush()
