"""Whether what a disk holds after a power loss has everything that was acknowledged before."""

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from durabletask.internal import orchestrator_service_pb2 as pb
from google.protobuf.message import DecodeError

from tests.fault.power.images import Image

DATABASE = "hub.db"
NOT_DURABLE = "-shm"  # an index of the log, made anew by who opens the file
COMPLETED = 1  # of an orchestration, in the column status


@dataclass(frozen=True, slots=True)
class Ack:
    """What a caller was told. *at* is where the journal ended then.

    *what* is ``start``, ``event`` (with *text*, which no other event has) or ``end`` (with the output).
    """

    at: int
    what: str
    instance_id: str
    text: str = ""


def broken(image: Image, acks: Iterable[Ack], folder: Path) -> Iterator[str]:
    """Yield what is wrong with *image*, which is written into *folder*, of what *acks* promised."""
    for name, content in image.items():
        if not name.endswith(NOT_DURABLE):
            (folder / name).write_bytes(content)
    promised = tuple(acks)
    if not promised and not (folder / DATABASE).exists():
        return
    with closing(sqlite3.connect(folder / DATABASE)) as hub:
        try:
            found = hub.execute("PRAGMA integrity_check").fetchall()
            if found != [("ok",)]:
                yield f"integrity_check: {found[:3]}"
            for ack in promised:
                if not _is_kept(hub, ack):
                    yield f"lost: {ack.what} {ack.instance_id} {ack.text}".rstrip()
        except (
            sqlite3.Error,
            DecodeError,
            TypeError,
        ) as error:  # a page that was torn holds anything
            yield f"cannot be read: {error}"


def _is_kept(hub: sqlite3.Connection, ack: Ack) -> bool:
    row = hub.execute(
        "SELECT status, output FROM instances WHERE id = ?", (ack.instance_id,)
    ).fetchone()
    if ack.what == "start":
        return row is not None
    if ack.what == "end":
        return row is not None and (row[0], row[1]) == (COMPLETED, ack.text)
    return sum(ack.text in text for text in _raised(hub, ack.instance_id)) == 1


def _raised(hub: sqlite3.Connection, instance_id: str) -> list[str]:
    """Return the contents of the events that wait for an instance, or that it has had."""
    waiting = "SELECT event FROM inbox WHERE instance = ?"
    had = "SELECT event FROM events JOIN histories ON number = history WHERE instance = ?"
    rows = (row for sql in (waiting, had) for row in hub.execute(sql, (instance_id,)))
    events = (pb.HistoryEvent.FromString(event) for (event,) in rows)
    return [event.eventRaised.input.value for event in events if event.HasField("eventRaised")]
