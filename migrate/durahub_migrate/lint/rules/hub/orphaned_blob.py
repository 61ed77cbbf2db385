"""HUB210: a large payload that nothing refers to."""

import json
from collections.abc import Iterable, Iterator

from durahub.classic.doctor.examination import GRACE
from durahub.classic.doctor.rules import blobs
from durahub.classic.keys import unescape
from durahub.classic.payloads import stored_name
from durahub.errors import BadPartitionKey
from durahub_migrate.lint.examples import a_hub, an_instance
from durahub_migrate.lint.facts.hubs import BlobFacts, MessageFacts
from durahub_migrate.lint.facts.instances import InstanceFacts
from durahub_migrate.lint.facts.need import Need
from durahub_migrate.lint.finding import Finding, Severity
from durahub_migrate.lint.hub_examples import DAY, a_blob, a_classic_hub, a_queued
from durahub_migrate.lint.rule import Example, JoiningRule, Observation
from durahub_migrate.lint.rules.groups import group_of
from durahub_migrate.lint.rules.of_hubs import OF_HUBS
from durahub_migrate.lint.target import Given

THERE, UNREAD = "!there", "!unread"  # they come before every name
NAMED, OF_MESSAGE, OF_ROW = range(3)  # what names a blob comes before the blob

_HUB = a_hub(classic=a_classic_hub())
_OF_ROW = "order-7/history-0000000000000004-TaskCompleted-9A1F-Result.json.gz"
_OF_MESSAGE = "order-7/message-9a1f-TaskScheduled.json.gz"


class OrphanedBlob(JoiningRule[InstanceFacts | MessageFacts | BlobFacts]):
    """Finds blobs of the large-message container that no row and no message names.

    Why it matters: blobs are written before the row or message that names them, and purged instance
    by instance. A failed checkpoint or a purge that was broken off leaves them, and nothing ever
    deletes them: they are paid for month by month.

    What to do: ``durahub hub doctor --repair`` deletes them. So does deleting the whole hub after a
    move.

    When to ignore it: blobs of less than a day are not told, for they may be about to be named. Nor
    are the blobs of messages whose instance is still there: the layout keeps those until the
    instance is purged.
    """

    code = "HUB210"
    message = "nothing refers to a large payload"
    severity = Severity.WARNING
    source = "azure-functions-durable-extension issue 1915"
    about = (InstanceFacts, MessageFacts, BlobFacts)
    needs = frozenset({Need.STORAGE, Need.INSTANCES, Need.HISTORY, Need.QUEUES, Need.BLOBS})
    profiles = OF_HUBS
    bad = (
        Example("A blob of a row that is no more", (_HUB, an_instance(), a_blob(_OF_ROW))),
        Example("A blob of an instance that was purged", (_HUB, a_blob(_OF_MESSAGE))),
    )
    good = (
        Example("A row names it", (_HUB, an_instance(blobs=(_OF_ROW,)), a_blob(_OF_ROW))),
        Example("A message names it", (_HUB, a_queued(blob=_OF_MESSAGE), a_blob(_OF_MESSAGE))),
        Example("It was written an hour ago", (_HUB, a_blob(_OF_ROW, age=3600.0))),
        Example(
            "A message that was received, of an instance that is there",
            (_HUB, an_instance(), a_blob(_OF_MESSAGE)),
        ),
        Example(
            "Its message may be hidden in the queue of activities",
            (a_hub(classic=a_classic_hub({"orders-workitems": 1})), a_blob(_OF_MESSAGE)),
        ),
        Example(
            "The history was not read: a row of it may name the blob",
            (_HUB, an_instance(history_is_read=False), a_blob(_OF_ROW)),
        ),
        Example("A blob that is not the layout's", (_HUB, a_blob("readme.txt", age=90 * DAY))),
    )

    def observe(
        self, fact: InstanceFacts | MessageFacts | BlobFacts, given: Given
    ) -> Iterator[Observation]:
        """Note by folder what is named, which instances are there, and the blobs that need one of these."""
        hub = given.hub
        if hub is None or hub.classic is None:
            return
        if isinstance(fact, BlobFacts):
            blob = blobs.Blob(fact.name, fact.size, fact.changed)
            told = blobs.named(fact.name)
            if told is None or not _is_suspect(blob, has_instance=False, given=given):
                return
            alone = _is_suspect(blob, has_instance=True, given=given)
            kind = OF_ROW if alone else OF_MESSAGE
            group = group_of(given, _folder(told.folder))
            yield Observation(group, json.dumps([fact.name, kind, fact.size]), fact.place)
        elif isinstance(fact, MessageFacts):
            if fact.blob is not None:
                yield from _named(stored_name(fact.blob), fact, given)
        else:
            folder = stored_name(fact.instance_id)
            there = THERE if fact.history_is_read else UNREAD
            for spelling in {folder, _folder(folder)}:
                yield Observation(group_of(given, spelling), there, hub.place)
            for name in fact.blobs:
                yield from _named(name, fact, given)

    def conclude(self, group: str, seen: Iterable[Observation], given: Given) -> Iterator[Finding]:  # noqa: ARG002
        """Tell the blobs of a folder that nothing named; what names a blob comes just before it."""
        there, last = False, ""
        for one in seen:
            if one.value == UNREAD:
                return
            if one.value == THERE:
                there = True
                continue
            name, kind, size = json.loads(one.value)
            if kind == NAMED:
                last = name
            elif name != last and not (there and kind == OF_MESSAGE):
                yield self.at(one.place, f"{size:,} bytes; no row and no message names it")


def _named(name: str, fact: InstanceFacts | MessageFacts, given: Given) -> Iterator[Observation]:
    told = blobs.named(name)
    if told is not None:
        group = group_of(given, _folder(told.folder))
        yield Observation(group, json.dumps([name, NAMED, 0]), fact.place)


def _is_suspect(blob: blobs.Blob, *, has_instance: bool, given: Given) -> bool:
    """Tell whether the doctor takes a blob that nothing names for an orphan: by age and hidden messages."""
    assert given.hub is not None  # noqa: S101 (for the types)
    assert given.hub.classic is not None  # noqa: S101 (for the types)
    return blobs.orphan(blob, given.hub.classic, GRACE, has_instance=has_instance) is not None


def _folder(folder: str) -> str:
    """Return what is the same for a folder named by an ID and one named by its partition key."""
    try:
        return stored_name(unescape(folder))
    except BadPartitionKey:
        return folder
