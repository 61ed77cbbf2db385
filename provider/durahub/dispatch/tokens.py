"""Completion tokens: which work item is out, with whom, and what came of it.

A token is good for one delivery of one work item. A worker that lost its connection may complete over
another one, so tokens outlive streams for a grace time; once the item is given to somebody else, the
old token is worth nothing. A completion that arrives twice is answered quietly the second time: an error
there would tear down a Java worker.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from durahub.dispatch.streams import Slot, WorkStream
from durahub.errors import WorkItemNotFound
from durahub.observing.timings import Timings

REMEMBERED = 10_000  # decided tokens
ABANDON_PAUSE = (1.0, 30.0)  # seconds: the first and the longest pause after a worker gave it back

T = TypeVar("T")


class Abandoned(Exception):
    """The worker gave the item back, or was *lost* with it."""

    def __init__(self, *, lost: bool = False) -> None:
        super().__init__("lost" if lost else "given back")
        self.lost = lost


@dataclass(eq=False, slots=True)
class OpenItem(Generic[T]):
    """A work item that is out. ``answer`` resolves to the worker's result or raises `Abandoned`."""

    token: str
    instance_id: str
    task_id: int | None
    slot: Slot
    answer: "asyncio.Future[T]"
    out_since: float = 0.0  # by the loop's clock


COMPLETED, GIVEN_BACK, LOST, WITHDRAWN = "completed", "given-back", "lost", "withdrawn"
"""How an item ends: its worker has answered, does not want it, is gone, or we took it away."""


class Tokens(Generic[T]):
    """The open items of one kind. *new_token* makes a text that was never used before."""

    def __init__(self, new_token: Callable[[], str]) -> None:
        self._new_token = new_token
        self._open: dict[str, OpenItem[T]] = {}
        self._decided: OrderedDict[str, None] = OrderedDict()
        self.ended = Timings()  # how long items were out, by how they ended

    def __len__(self) -> int:
        return len(self._open)

    def give_out(self, instance_id: str, task_id: int | None, slot: Slot) -> OpenItem[T]:
        """Return a new open item; one that is lost already if the stream closed after its slot was given."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()
        item = OpenItem(self._new_token(), instance_id, task_id, slot, future, loop.time())
        self._open[item.token] = item
        if slot.stream.closed:  # who closed it has counted its items, without this one
            self.revoke(item, lost=True)
        return item

    def complete(self, token: str, instance_id: str, task_id: int | None, result: T) -> None:
        """Decide an item. Raises `WorkItemNotFound` unless it is open for that instance, or was decided.

        A worker that does not echo its token is recognised by instance and task. An empty
        *instance_id* is none: the answer to an entity's batch names no instance.
        """
        item = self._find(token, instance_id, task_id)
        if item is None:
            if token in self._decided:
                return
            raise WorkItemNotFound(token)
        self._take_back(item, COMPLETED)
        self._remember(item.token)
        if not item.answer.done():
            item.answer.set_result(result)

    def abandon(self, token: str, *, lost: bool = False) -> bool:
        """Take an item back from a worker that does not want it; tell whether it was open.

        One that is *lost* is given to another at once.
        """
        item = self._open.get(token)
        if item is None:
            return False
        self.revoke(item, lost=lost, end=GIVEN_BACK)
        return True

    def revoke(self, item: OpenItem[T], *, lost: bool = False, end: str = "") -> None:
        """Make an item's token worthless and its waiter go on; a decided one stays decided."""
        self._take_back(item, end or (LOST if lost else WITHDRAWN))
        if not item.answer.done():
            item.answer.set_exception(Abandoned(lost=lost))

    def overtake(self, instance_id: str) -> None:
        """Take back an instance's open item, for the answer has no effect any more; it is taken quietly."""
        item = self.find(instance_id)
        if item is not None:
            self._take_back(item, WITHDRAWN)
            self._remember(item.token)

    def of_stream(self, stream: WorkStream) -> list[OpenItem[T]]:
        """Return the items that are out on *stream*."""
        return [item for item in self._open.values() if item.slot.stream is stream]

    def find(self, instance_id: str) -> OpenItem[T] | None:
        """Return an open item of an instance."""
        return next((i for i in self._open.values() if i.instance_id == instance_id), None)

    def holder(self, token: str) -> str | None:
        """Return the principal on whose stream the item of *token* is out, ``None`` if it is not out."""
        item = self._open.get(token)
        return None if item is None else item.slot.stream.options.principal

    def is_open(self, item: OpenItem[T]) -> bool:
        """Tell whether *item* is still out."""
        return item.token in self._open

    def _find(self, token: str, instance_id: str, task_id: int | None) -> OpenItem[T] | None:
        if token:
            known = self._open.get(token)
            return known if known is not None and instance_id in ("", known.instance_id) else None
        for item in self._open.values():
            if item.instance_id == instance_id and item.task_id == task_id:
                return item
        return None

    def _take_back(self, item: OpenItem[T], end: str) -> None:
        if self._open.pop(item.token, None) is not None:
            self.ended.note((end,), asyncio.get_running_loop().time() - item.out_since)
        item.slot.release()

    def _remember(self, token: str) -> None:
        self._decided[token] = None
        while len(self._decided) > REMEMBERED:
            self._decided.popitem(last=False)
