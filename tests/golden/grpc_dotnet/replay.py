"""Plays a transcript against a live server, line by line, as client and as worker at once."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Any

import grpc
from durabletask.internal import orchestrator_service_pb2 as pb

from tests.golden.grpc_dotnet.likeness import neutral
from tests.golden.grpc_dotnet.moving import move_times
from tests.golden.grpc_dotnet.recorded_work import RecordedWork
from tests.golden.grpc_dotnet.replayed_worker import ReplayedWorker
from tests.golden.grpc_dotnet.transcripts import Line, Transcript

PATIENCE = 60.0  # seconds for any line
OF_WORKERS = ("Complete", "Abandon", "GetWorkItems")
STREAMED = "StreamInstanceHistory"
LOOKS = frozenset({"GetInstance", "QueryInstances", "GetEntity", "QueryEntities"})
LOOKS_AGAIN = 40  # times


@dataclass
class Replay:
    """One transcript at one server; ``differences`` is what was not as recorded."""

    transcript: Transcript
    stub: Any
    hub: str
    end: int | None = None  # the first line that is not played
    differences: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        now = datetime.now(timezone.utc)
        self._moved = now - self.transcript.recorded_at
        self._work = RecordedWork(self.transcript)
        self._worker = ReplayedWorker(self.stub, self._work, self._moved)
        self._calls: dict[int, asyncio.Task[Any]] = {}
        self._new_ids: dict[str, str] = {}  # ours for those that the recorded server made up
        self._tokens: dict[str, str] = {}
        self._working: asyncio.Task[None] | None = None

    async def run(self) -> list[str]:
        """Play all lines; return the differences."""
        try:
            for line in self.transcript.lines[1 : self.end]:
                self._worker.go_on(line.number)
                try:
                    await asyncio.wait_for(self._play(line), PATIENCE)
                except asyncio.TimeoutError:
                    self.differences.append(f"line {line.number}: {line.fields}"[:400])
                    break
        finally:
            left = [*self._calls.values(), *([self._working] if self._working else [])]
            for task in left:
                task.cancel()
            await asyncio.gather(*left, return_exceptions=True)
        return [*self.differences, *self._worker.differences]

    async def _play(self, line: Line) -> None:
        ours = line.method and not line.method.startswith(OF_WORKERS)
        match line.dir:
            case "request" if line.method == "GetWorkItems" and self._working is None:
                metadata = self.transcript.metadata(line, self.hub)
                self._working = asyncio.create_task(self._worker.run(line.message, metadata))
            case "request" if ours and not _is_for_work(line):
                self._calls[line.call] = asyncio.create_task(self._send(line))
                await asyncio.sleep(0)
            case "response" if ours:
                await self._compare(line)
            case "end" if ours and line.call in self._calls and line.fields["status"] != "OK":
                await self._expect_refusal(line)
            case "item" if line.method == "GetWorkItems" and line.number in self._work.at:
                work = self._work.at[line.number]
                await self._worker.until(lambda: self._worker.has_had(work))
            case "item" if line.method == STREAMED and line.call in self._calls:
                await self._calls[line.call]
            case _:
                pass

    async def _send(self, line: Line) -> Any:
        message = type(line.message).FromString(line.message.SerializeToString())
        move_times(message, self._moved)
        if getattr(message, "instanceId", "") in self._new_ids:
            message.instanceId = self._new_ids[message.instanceId]
        for asked in (message, getattr(message, "query", None)):
            for name in ("continuationToken", "lastInstanceKey"):
                token = getattr(asked, name, None)
                if token is not None and token.value:
                    token.value = self._tokens.get(token.value, "")
        metadata = self.transcript.metadata(line, self.hub)
        call = getattr(self.stub, line.method)(message, metadata=metadata, timeout=PATIENCE)
        if line.method == STREAMED:
            return [event async for chunk in call for event in chunk.events]
        return await call

    async def _compare(self, line: Line) -> None:
        recorded = line.message
        call = self._calls.pop(line.call)
        try:
            ours = await call
            if line.method in LOOKS and self._of(line, ours) != self._of(line, recorded):
                ours = await self._look_again(line)
        except grpc.aio.AioRpcError as error:
            self.differences.append(f"{line.method} is refused: {error.code()} {error.details()}")
            return
        if isinstance(recorded, pb.RestartInstanceResponse):
            self._new_ids[recorded.instanceId] = ours.instanceId
            self._worker.names[ours.instanceId] = recorded.instanceId
            self._worker.go_on(line.number)
        for token in ("continuationToken", "lastInstanceKey"):  # of the next page
            if hasattr(recorded, token):
                self._tokens[getattr(recorded, token).value] = getattr(ours, token).value
        known, found = self._of(line, recorded), self._of(line, ours)
        if known != found:
            self.differences.append(f"{line.method} (line {line.number}): {found} is not {known}")

    async def _look_again(self, line: Line) -> Any:
        """Return the first answer like the recorded one: what was sent just now is written behind."""
        request = next(
            one
            for one in self.transcript.lines
            if one.dir == "request" and one.fields["call"] == line.call
        )
        for _ in range(LOOKS_AGAIN):
            await asyncio.sleep(0.05)
            ours = await self._send(request)
            if self._of(line, ours) == self._of(line, line.message):
                break
        return ours

    def _of(self, line: Line, answer: Any) -> Any:
        """Return what counts of an answer."""
        found = neutral(answer)
        if line.method == "WaitForInstanceStart":  # how far it has come since then is chance
            state = found.get("orchestrationState", {})
            return {name: state.get(name) for name in ("instanceId", "name", "version")}
        if line.method == "RestartInstance":
            return {"instanceId": self._worker.names.get(answer.instanceId, answer.instanceId)}
        if isinstance(answer, pb.GetInstanceResponse) and found.get("exists"):
            state = found["orchestrationState"]
            state["instanceId"] = self._worker.names.get(state["instanceId"], state["instanceId"])
            state.pop("parentInstanceId", None)  # the classic layout has no place for it
        return found

    async def _expect_refusal(self, line: Line) -> None:
        status = str(line.fields["status"])
        if "client" in str(line.fields.get("detail")):  # it hung up
            self._calls.pop(line.call).cancel()
            return
        try:
            ours = await self._calls.pop(line.call)
        except grpc.aio.AioRpcError as error:
            if error.code().name.replace("_", "").lower() != status.lower():
                self.differences.append(f"{line.method}: {error.code()} is not {status}")
        else:
            found = [] if isinstance(ours, list) else neutral(ours)
            self.differences.append(f"{line.method} is not refused ({status}): {found}")


def _is_for_work(line: Line) -> bool:
    return line.method == STREAMED and line.message.forWorkItemProcessing


@contextlib.asynccontextmanager
async def as_the_sdk(transcript: Transcript, port: int) -> AsyncIterator[grpc.aio.Channel]:
    """Open a channel that calls itself what grpc-dotnet does."""
    options = (("grpc.primary_user_agent", transcript.user_agent),)
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}", options=options) as channel:
        yield channel
