"""What clients have raised, signalled or asked for, and may come again when no history shows it any more.

A put of which storage says that it failed may have had its effect: the message is put again, and both are
there. Who takes the one knows the other by its memory (`durahub.classic.copies`). Whoever comes after it has
the history, which shows what was raised; but a continue-as-new replaces that, and so does each batch of an
entity. So the sentinel then names what was taken within the last minutes and may have a copy: in a column of
ours, as ``["3f0c…/17"]``, envelope IDs without the instance. DTFx ignores the column and keeps it, and no
envelope's ID is used twice, so it cannot mislead.
"""

from collections.abc import Callable, Iterable

from durahub.engine.commit import Commit
from durahub.engine.repeated_events import is_asked, is_of_client
from durahub.model.message import Message

COLUMN = "DurahubTaken"
MOST = 100  # names in the sentinel: 5 KB


def taken_of(commit: Commit, copied: Callable[[str], str | None]) -> list[str]:
    """Return the names of what *commit* takes of clients and may come again under another message ID.

    *copied* returns, for a delivery's key, what names the message in all copies, if there may be any.
    """
    return [
        sent_id.removesuffix(f"/{commit.instance_id}")
        for one in commit.consumed
        if _is_of_client(one.message) and (sent_id := copied(one.key)) is not None
    ]


def sent_ids(instance_id: str, names: Iterable[str]) -> frozenset[str]:
    """Return the IDs of envelopes to an instance by their names in its sentinel."""
    return frozenset(f"{name}/{instance_id}" for name in names)


def _is_of_client(message: Message) -> bool:
    """Tell whether a client has asked this of an orchestration, or signals an entity so."""
    is_ours = message.sender is None  # what this server sends for a client has not been read
    return is_asked(message.event) and (is_ours or is_of_client(message))
