"""Extended sessions: a worker keeps an instance in its memory and gets what is new for it at once.

A session begins with a completion that asks for one. Its later turns have no work item: their messages
come over the answer of that call, and are completed with the token of the first work item and a count one
higher. A repeated count is a repeated call. The call that was made last is the one that is answered;
the session ends with it.
"""

import asyncio
from dataclasses import dataclass, field

from durahub.dispatch.work import Work
from durahub.edge.hub import Stream
from durahub.edge.lifetime import Lifetime


@dataclass(eq=False, slots=True)
class Session:
    """A session. ``token`` is that of the turn that is out, as the hub knows it."""

    instance_id: str
    stream: Stream
    token: str
    count: int
    _successor: asyncio.Event = field(default_factory=asyncio.Event)

    def take_over(self) -> asyncio.Event:
        """Make this the call that is answered; return what tells it that another one is."""
        self._successor.set()
        self._successor = asyncio.Event()
        return self._successor


async def next_work(session: Session, replaced: asyncio.Event, lifetime: Lifetime) -> Work | None:
    """Return the session's next turn; ``None`` when the call or the server has come to its end.

    Raises `durahub.dispatch.streams.StreamClosed` when the hub ended the session.
    """
    coming = asyncio.ensure_future(session.stream.next())
    ends = [
        asyncio.ensure_future(replaced.wait()),
        asyncio.ensure_future(lifetime.until_draining()),
    ]
    try:
        await asyncio.wait({coming, *ends}, return_when=asyncio.FIRST_COMPLETED)
        return coming.result() if coming.done() else None
    finally:
        for task in (coming, *ends):
            task.cancel()
        await asyncio.gather(coming, *ends, return_exceptions=True)


class Sessions:
    """The sessions of a server, by hub and by the token that they began with."""

    def __init__(self) -> None:
        self._open: dict[tuple[str, str], Session] = {}

    def find(self, hub: str, token: str) -> Session | None:
        """Return the session that began with *token*."""
        return self._open.get((hub, token))

    def begin(self, hub: str, token: str, session: Session) -> None:
        """Note a session."""
        self._open[hub, token] = session

    def end(self, hub: str, token: str) -> Session | None:
        """End a session, if there is one: its instance is any worker's again."""
        session = self._open.pop((hub, token), None)
        if session is not None:
            session.take_over()
            session.stream.close()
        return session

    def token_of(self, hub: str, token: str) -> str:
        """Return the token of the turn that is out in the session of *token*; itself without one."""
        session = self.find(hub, token)
        return session.token if session is not None else token
