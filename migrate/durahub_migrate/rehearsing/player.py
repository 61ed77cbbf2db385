"""The process in which a user's orchestrators replay: a program of its own, run by the app's own Python.

It knows nothing of durahub: the standard library and the ``durabletask`` package suffice. Standard input
brings serialized ``OrchestratorRequest``s, standard output takes JSON texts, each behind its length in four
bytes, the highest first. What the app prints goes to standard error.

Nothing has effects: activities and entities are never called, a worker is not started, and who asks for
the network or another program is refused, whether the app is loaded or replays.

**The SDK's insides are used here and nowhere else**: `_OrchestrationExecutor` replays one history by itself.
Tried with 1.12.0. With a version that is built in another way the program says so and ends.
"""

from __future__ import annotations

import base64
import importlib
import inspect
import json
import logging
import os
import runpy
import struct
import sys
import traceback
from pathlib import Path
from typing import Any, BinaryIO

TRIED = "1.12.0"
FORBIDDEN = frozenset(
    {
        "socket.connect",
        "socket.getaddrinfo",
        "socket.gethostbyname",
        "socket.sendto",
        "subprocess.Popen",
        "os.system",
        "os.exec",
        "os.posix_spawn",
        "os.fork",
        "os.spawn",
    }
)
"""Audit events of Python's own ways out of the process."""
NEEDED = {"registry", "logger", "data_converter"}
MOST_TEXT = 500  # characters of an error's message


class Refused(Exception):
    """What an orchestrator may not do."""


class Started(BaseException):
    """The app has started its worker: it is loaded, and goes no further."""


class NotLoaded(Exception):
    """The app cannot be replayed; *kind* is ``app`` or ``sdk``."""

    def __init__(self, kind: str, why: str) -> None:
        super().__init__(why)
        self.kind = kind


class Frames:
    """The messages between this process and the one that has started it."""

    def __init__(self, source: BinaryIO, target: BinaryIO) -> None:
        self._source = source
        self._target = target

    def read(self) -> bytes | None:
        """Return the next message; ``None`` when there is none any more."""
        head = self._source.read(4)
        if len(head) < 4:
            return None
        return self._source.read(struct.unpack(">I", head)[0])

    def write(self, value: dict[str, Any]) -> None:
        """Send a message."""
        content = json.dumps(value).encode()
        self._target.write(struct.pack(">I", len(content)) + content)
        self._target.flush()


def main() -> None:
    """Load the app that the arguments name, then replay what is asked for until nobody asks."""
    frames = Frames(os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb"))
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(2, 1)
    sys.path[0] = str(Path.cwd())  # not the folder of this file
    try:
        sdk = _sdk()
        sys.addaudithook(_refuse)
        worker = _loaded(sdk, sys.argv[1], sys.argv[2:])
    except NotLoaded as error:
        frames.write({"error": str(error), "kind": error.kind})
        return
    names = sorted(worker._registry.orchestrators)
    frames.write({"sdk": _version(), "orchestrators": names})
    while (content := frames.read()) is not None:
        frames.write(_played(sdk, worker, content))


def _refuse(event: str, _: object) -> None:
    if event in FORBIDDEN:
        raise Refused(f"it asked for {event}, and a rehearsal has no effects")


# -- the SDK ---------------------------------------------------------------------------------------


def _version() -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("durabletask")
    except PackageNotFoundError:
        return "unknown"


def _sdk() -> Any:
    """Return the module ``durabletask.worker``, if it is built as it must be. Raises `NotLoaded`."""
    try:
        sdk = importlib.import_module("durabletask.worker")
    except ImportError as error:
        raise NotLoaded("sdk", f"the package durabletask is not there: {error}") from None
    executor = getattr(sdk, "_OrchestrationExecutor", None)
    worker = getattr(sdk, "TaskHubGrpcWorker", None)
    fits = (
        executor is not None
        and worker is not None
        and inspect.signature(executor).parameters.keys() >= NEEDED
        and hasattr(executor, "process_event")
        and hasattr(executor, "execute")
        and hasattr(getattr(sdk, "_Registry", None), "add_orchestrator")
    )
    if not fits:
        raise NotLoaded(
            "sdk",
            f"durabletask {_version()} is built otherwise than {TRIED}, with which this was tried",
        )
    return sdk


def _played(sdk: Any, worker: Any, content: bytes) -> dict[str, Any]:
    """Replay one history; return what the orchestrator would do, and where it did otherwise."""
    request = sdk.pb.OrchestratorRequest.FromString(content)
    executor = _executor(sdk, worker)
    try:
        ran = executor.execute(request.instanceId, request.pastEvents, request.newEvents)
    except Exception as error:  # of the SDK itself
        return {"raised": _told(error), "kind": "sdk"}
    answer = sdk.pb.OrchestratorResponse(instanceId=request.instanceId, actions=ran.actions)
    played: dict[str, Any] = {
        "answer": base64.b64encode(answer.SerializeToString()).decode(),
        "asked_at": {str(number): at for number, at in executor.asked_at.items()},
        "ended_at": executor.ended_at,
    }
    if executor.raised is not None:
        played |= {
            "raised": _told(executor.raised),
            "kind": type(executor.raised).__name__,
            "is_mismatch": _is_mismatch(sdk, executor),
            "is_refused": _is_refused(executor.raised),
            "at": executor.raised_at,
        }
        if executor.found is not None:
            found = sdk.pb.OrchestratorResponse(actions=[executor.found])
            played["found"] = base64.b64encode(found.SerializeToString()).decode()
    return played


def _is_mismatch(sdk: Any, executor: Any) -> bool:
    """Tell whether the app did another thing than the history has.

    Where it has ended instead, the SDK has no words for that, and raises something else.
    """
    found = executor.found
    has_ended = found is not None and found.HasField("completeOrchestration")
    return has_ended or isinstance(executor.raised, sdk.task.NonDeterminismError)


def _executor(sdk: Any, worker: Any) -> Any:
    """Return an executor that notes at which event something happened."""

    class Watching(sdk._OrchestrationExecutor):  # type: ignore[misc]
        def __init__(self, *arguments: Any, **more: Any) -> None:
            super().__init__(*arguments, **more)
            self.index = -1
            self.asked_at: dict[int, int] = {}
            self.ended_at: int | None = None
            self.raised: Exception | None = None
            self.raised_at: int | None = None
            self.found: Any = None

        def process_event(self, ctx: Any, event: Any) -> None:
            self.index += 1
            pending = ctx._pending_actions
            found = pending.get(event.eventId) if event.eventId >= 0 else None
            known = set(pending)
            try:
                super().process_event(ctx, event)
            except Exception as error:
                self.raised, self.raised_at, self.found = error, self.index, found
                raise
            finally:
                for number in set(pending) - known:
                    self.asked_at[number] = self.index
                if ctx._is_complete and self.ended_at is None:
                    self.ended_at = self.index

    more = {}
    for name in ("maximum_timer_interval", "exception_properties_provider"):
        if name in inspect.signature(sdk._OrchestrationExecutor).parameters:
            more[name] = getattr(worker, f"_{name}", None)
    return Watching(worker._registry, _quiet(), worker._data_converter, **more)


def _quiet() -> logging.Logger:
    logger = logging.Logger("rehearsal")
    logger.addHandler(logging.NullHandler())
    return logger


def _is_refused(error: BaseException | None) -> bool:
    while error is not None:
        if isinstance(error, Refused):
            return True
        error = error.__cause__ or error.__context__
    return False


def _told(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}"[:MOST_TEXT]


# -- the app ---------------------------------------------------------------------------------------


def _loaded(sdk: Any, app: str, arguments: list[str]) -> Any:
    """Run *app* until it starts its worker, and return that. Raises `NotLoaded`."""
    made: list[Any] = []
    begin = sdk.TaskHubGrpcWorker.__init__

    def made_one(self: Any, *given: Any, **more: Any) -> None:
        begin(self, *given, **more)
        made.append(self)

    def started(self: Any) -> None:
        made.append(self)
        raise Started

    sdk.TaskHubGrpcWorker.__init__ = made_one
    sdk.TaskHubGrpcWorker.start = started
    try:
        _run(sdk, app, arguments, made)
    except Started:
        pass
    except SystemExit as error:
        if not made:
            raise NotLoaded("app", f"{app} ended with status {error.code!r}") from None
    except NotLoaded:
        raise
    except BaseException as error:
        traceback.print_exc(limit=-3)
        raise NotLoaded("app", f"{app} cannot be loaded: {_told(error)}") from None
    with_any = [one for one in made if one._registry.orchestrators]
    if not with_any:
        raise NotLoaded("app", f"{app} has registered no orchestrator with a worker")
    return with_any[-1]  # the one that was started, or made last


def _run(sdk: Any, app: str, arguments: list[str], made: list[Any]) -> None:
    module, colon, function = app.rpartition(":")
    if app.endswith(".py"):
        if not Path(app).is_file():
            raise NotLoaded("app", f"there is no file {app}")
        sys.argv = [app, *arguments]
        sys.path.insert(0, str(Path(app).resolve().parent))
        runpy.run_path(app, run_name="__main__")
        return
    if not colon:
        sys.argv = [app, *arguments]
        runpy.run_module(app, run_name="__main__", alter_sys=True)
        return
    registering = getattr(importlib.import_module(module), function, None)
    if not callable(registering):
        raise NotLoaded("app", f"there is no function {function} in {module}")
    if not inspect.signature(registering).parameters:
        given = registering()
        if isinstance(given, sdk.TaskHubGrpcWorker):
            made.append(given)
        return
    registering(sdk.TaskHubGrpcWorker())


if __name__ == "__main__":
    main()
