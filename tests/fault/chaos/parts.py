"""The parts of a chaos run: Azurite, servers and workers as processes, and the proxies between them."""

import asyncio
import os
import signal
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random
from typing import Any

from durahub.local.azurite import ACCOUNT, Azurite, connection_string
from durahub.local.child import Child
from tests.fault.proxy import HttpProxy, Proxy, StreamProxy
from tests.fault.served import DURAHUB, Served

ROOT = Path(__file__).parents[3]
STORE = "CHAOS_STORE"  # the variable that tells servers the connection string
HUB = "Chaos"
VISIBILITY = 5  # seconds
HTTP_RATE = 0.02  # of the requests to Azurite that are harmed
STARTS = 6  # tries to start a server while storage is harmed
READY_WITHIN = 60.0  # seconds
LOCAL = "127.0.0.1"

Say = Callable[[str], None]


class Parts:
    """Everything that runs. Its methods are called from one thread."""

    def __init__(
        self,
        store: str,
        folder: Path,
        seed: int,
        say: Say,
        program: Sequence[str] = (*DURAHUB, "serve"),
    ) -> None:
        self.store, self.folder, self.say = store, folder, say
        self.counted: Counter[str] = Counter()  # faults and kills
        self.broken: list[str] = []  # what ended and was not killed
        self.records = folder / "records"
        self.records.touch()
        self._chance = Random(seed)
        self._program = program
        self._rate = 0.0
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="proxies", daemon=True)
        self._thread.start()
        self.azurite: Azurite | None = None
        self._storage: list[HttpProxy] = []
        self._fronts: list[StreamProxy] = []
        self.servers: list[Served] = []
        self._workers: list[Child] = []
        self._held: dict[str, threading.Timer] = {}  # parts that stand still

    @property
    def endpoints(self) -> list[str]:
        """The addresses of the servers behind their proxies."""
        return [f"http://{LOCAL}:{front.port}" for front in self._fronts]

    @property
    def address(self) -> str:
        """The address of the hub, for ``durahub hub``."""
        if self.store == "azurite":
            return f"env:{STORE}/{HUB}"
        return f"sqlite:{self.folder / 'hub.db'}/{HUB}"

    @property
    def env(self) -> dict[str, str]:
        """What commands beside the servers are told: storage without a proxy."""
        state = {"DURAHUB_STATE_DIR": str(self.folder)}
        return {**state, STORE: self.azurite.connection_string} if self.azurite else state

    def start(self) -> None:
        """Start everything."""
        behind = ""
        if self.store == "azurite":
            self.azurite = Azurite.launch(self.folder / "azurite")
            urls = []
            for port in self._azurite_ports():
                proxy = HttpProxy((LOCAL, port), self._chance, self.counted, lambda: self._rate)
                urls.append(f"http://{LOCAL}:{self._started(proxy)}/{ACCOUNT}")
                self._storage.append(proxy)
            behind = connection_string(*urls)
        for number in range(2 if self.store == "azurite" else 1):
            self._start_server(number, behind)
        self._workers = [self._worker(number) for number in range(len(self.servers))]

    def _azurite_ports(self) -> tuple[int, int, int]:
        assert self.azurite is not None
        urls = (self.azurite.blob_url, self.azurite.queue_url, self.azurite.table_url)
        blob, queue, table = (int(url.split("/")[2].rpartition(":")[2]) for url in urls)
        return blob, queue, table

    def _start_server(self, number: int, behind: str) -> None:
        state = self.folder / f"server-{number}"
        state.mkdir()
        env = {
            "DURAHUB_STATE_DIR": str(state),
            "DURAHUB_VISIBILITY_SECONDS": str(VISIBILITY),
            "DURAHUB_WORKER_ID": f"chaos-{number}",
            STORE: behind,
        }
        store = f"env:{STORE}" if behind else self.address.rpartition("/")[0]
        server = Served(
            ("--store", store, "--hub", HUB),
            env=env,
            program=self._program,
            log=self.folder / f"server-{number}.log",
        )
        server.start()
        self.servers.append(server)
        front = StreamProxy((LOCAL, server.grpc_port), self._chance, self.counted)
        self._started(front)
        self._fronts.append(front)

    def _started(self, proxy: Proxy) -> int:
        return int(self._call(proxy.start()))

    def _call(self, coroutine: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(30)

    def _worker(self, number: int) -> Child:
        command = [sys.executable, "-m", "tests.fault.chaos.app", self.endpoints[number], HUB]
        return Child(
            [*command, self.records], env={"PYTHONPATH": os.pathsep.join(sys.path)}, cwd=ROOT
        )

    # -- what is done to them ------------------------------------------------------------------

    def harm_storage(self) -> None:
        """Begin to harm requests to Azurite."""
        self._rate = HTTP_RATE

    def harm(self, server: int, fault: str) -> None:
        """Harm a connection to a server."""
        self._loop.call_soon_threadsafe(self._fronts[server].harm, fault)

    def kill(self, kind: str, number: int, outage: float) -> None:
        """``kill -9`` a part, and start it again."""
        self._let_go(f"{kind} {number}")
        self.counted[f"kill {kind}"] += 1
        if kind == "server":
            self.servers[number].kill()
            self._again(self.servers[number])
        elif kind == "worker":
            self._keep_output(number)
            self._workers[number] = self._worker(number)
        else:
            self._kill_azurite(outage)

    def _keep_output(self, number: int) -> None:
        worker = self._workers[number]
        worker.kill()
        with (self.folder / f"worker-{number}.log").open("a", encoding="utf-8") as log:
            log.write(worker.output())

    def _again(self, server: Served) -> None:
        for _ in range(STARTS - 1):
            try:
                server.start(READY_WITHIN)
            except RuntimeError as error:  # storage is harmed, and was not there in time
                self.say(f"a server is started once more: {str(error)[-300:]}")
                self.counted["starts that failed"] += 1
            else:
                return
        server.start(READY_WITHIN)

    def _kill_azurite(self, outage: float) -> None:
        """Cut it off until its files hold everything that it acknowledged; kill it and start it again.

        It is no durable storage: what it took in its last five seconds would be lost.
        """
        assert self.azurite is not None
        for proxy in self._storage:
            proxy.cut = True
            self._loop.call_soon_threadsafe(proxy.reset_all)
        # Nothing tells that its files are written, five seconds after it took something.
        time.sleep(outage)
        ports = self._azurite_ports()
        os.kill(self.azurite.pid, signal.SIGKILL)
        self.azurite.close()
        self.azurite = Azurite.launch(self.folder / "azurite", ports)
        for proxy in self._storage:
            proxy.cut = False

    def pause(self, kind: str, number: int, seconds: float) -> None:
        """Have a part stand still for a time; this returns at once."""
        whom = f"{kind} {number}"
        if whom in self._held:
            return
        self.counted[f"pause {kind}"] += 1
        child = self.servers[number].child if kind == "server" else self._workers[number]
        child.send(signal.SIGSTOP)
        timer = threading.Timer(seconds, lambda: self._go_on(child))
        self._held[whom] = timer
        timer.start()

    def _go_on(self, child: Child) -> None:
        child.send(signal.SIGCONT)

    def _let_go(self, whom: str) -> None:
        timer = self._held.pop(whom, None)
        if timer is not None:
            timer.cancel()
            kind, number = whom.split()
            served = self.servers[int(number)]
            self._go_on(served.child if kind == "server" else self._workers[int(number)])

    def look(self) -> None:
        """Note what has ended by itself, and start it again; forget what goes on again."""
        for whom in [whom for whom, timer in self._held.items() if not timer.is_alive()]:
            del self._held[whom]
        for number, server in enumerate(self.servers):
            if server.child.exit_status is not None:
                self.broken.append(f"server {number} ended with {server.child.exit_status}")
                server.kill()
                self._again(server)

    def calm(self) -> None:
        """Harm nothing any more: what stands still goes on, connections are new, workers too."""
        self._rate = 0.0
        for whom in list(self._held):
            self._let_go(whom)
        for proxy in (*self._storage, *self._fronts):
            self._loop.call_soon_threadsafe(proxy.reset_all)
        for number in range(len(self._workers)):
            self._keep_output(number)
            self._workers[number] = self._worker(number)
        self.look()

    def stop_serving(self) -> None:
        """Stop workers and servers in order; storage stays."""
        for number in range(len(self._workers)):
            self._keep_output(number)
        for number, server in enumerate(self.servers):
            status = server.stop()
            if status != 0:
                self.broken.append(f"server {number} stopped with {status}")

    def close(self) -> None:
        """End everything."""
        for whom in list(self._held):
            self._let_go(whom)
        for worker in self._workers:
            worker.kill()
        for server in self.servers:
            server.kill()
        for proxy in (*self._storage, *self._fronts):
            self._call(proxy.stop())
        if self.azurite is not None:
            self.azurite.close()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
