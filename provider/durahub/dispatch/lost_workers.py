"""Work items whose workers are gone: each may still be completed over another stream, for a while."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

from durahub.dispatch.streams import WorkStream
from durahub.dispatch.tokens import OpenItem, Tokens


class LostWorkers:
    """The items of one hub's lost workers; after *grace* seconds they are given to others."""

    def __init__(self, all_tokens: Sequence[Tokens[Any]], grace: float) -> None:
        self._all_tokens = all_tokens
        self._grace = grace
        self._graces: dict[asyncio.TimerHandle, Callable[[], None]] = {}

    def lose(self, stream: WorkStream) -> int:
        """Begin the grace of what is out on a stream that has closed; return how many items that are."""
        lost = [(tokens, tokens.of_stream(stream)) for tokens in self._all_tokens]
        number = sum(len(items) for _, items in lost)
        if number:
            self._wait(lost)
        return number

    def _wait(self, lost: Sequence[tuple[Tokens[Any], Sequence[OpenItem[Any]]]]) -> None:
        def give_up() -> None:
            self._graces.pop(handle, None)
            for tokens, items in lost:
                for item in items:
                    if tokens.is_open(item):
                        tokens.revoke(item, lost=True)

        handle = asyncio.get_running_loop().call_later(self._grace, give_up)
        self._graces[handle] = give_up

    def give_up(self) -> None:
        """End every grace now."""
        for handle, give_up in list(self._graces.items()):
            handle.cancel()
            give_up()

    def stop(self) -> None:
        """Leave what is out as it is, for good."""
        for handle in self._graces:
            handle.cancel()
