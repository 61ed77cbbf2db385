"""What stands in blobs when the recorded apps have run here: blob by blob what .NET wrote."""

from collections import Counter
from dataclasses import replace

import pytest

from durahub.classic.payloads import unpack
from tests.golden.recorded import FOLDER, RecordedHub, lines_of
from tests.sdk.message_differences import Compared, alike
from tests.sdk.neutral_texts import neutral_ids
from tests.sdk.written_hubs import GROUPS, StoredBlob, WrittenHub

pytestmark = [pytest.mark.sdk, pytest.mark.azurite]

Written = dict[str, WrittenHub]
NO_NAME_AND_NO_TIME = bytes((0x1F, 0x8B, 8, 0, 0, 0, 0, 0))  # how a gzip file begins then


def stays_in_memory(name: str) -> bool:
    """Tell whether a blob holds the message of an activity's result: here it is put into no queue."""
    return "/message-" in name and name.endswith("-TaskCompleted.json.gz")


RECORDED = [
    (group, name)
    for group, hub in GROUPS.items()
    for name in hub.payloads
    if not stays_in_memory(name)
]


def marked(name: str) -> str:
    """Return a blob's name without its GUID or its chance."""
    return neutral_ids(name)


def without_differences(name: str, text: str, *, ours: bool) -> str:
    """Return the text of a blob: that of a message without what may differ in messages."""
    if "/message-" not in name:
        return text
    return alike(Compared(queue="", text=text, delivery=""), ours=ours).text


@pytest.mark.parametrize("group", GROUPS)
def test_the_blobs_are_named_as_dotnets(group: str, written: Written) -> None:
    ours = Counter(map(marked, written[group].blobs))

    theirs = [marked(name) for name in GROUPS[group].payloads if not stays_in_memory(name)]
    assert ours == Counter(theirs)
    assert not [name for name in ours if "<" not in name]


def test_dotnet_puts_large_results_into_queues() -> None:
    assert any(stays_in_memory(name) for hub in GROUPS.values() for name in hub.payloads)


@pytest.mark.parametrize(("group", "name"), RECORDED)
def test_a_blob_holds_what_dotnet_wrote_into_it(group: str, name: str, written: Written) -> None:
    [(found, blob)] = [
        (found, blob)
        for found, blob in written[group].blobs.items()
        if marked(found) == marked(name)
    ]
    ours, theirs = (unpack(blob.content, found), unpack(GROUPS[group].payloads[name], name))

    assert without_differences(found, ours, ours=True) == without_differences(
        name, theirs, ours=False
    )


def properties_of(hub: RecordedHub) -> dict[str, StoredBlob]:
    """Return the recorded blobs of large payloads, without contents, by their marked names."""
    return {
        marked(line["name"]): StoredBlob(
            b"", line["contentType"], line["contentEncoding"], line["metadata"]
        )
        for line in lines_of(FOLDER / hub.name / "hub" / "blobs.jsonl")
        if line["container"] == hub.names.large_messages_container
        and not stays_in_memory(line["name"])
    }


@pytest.mark.parametrize("group", GROUPS)
def test_blobs_have_the_properties_of_dotnets(group: str, written: Written) -> None:
    ours = {marked(name): replace(blob, content=b"") for name, blob in written[group].blobs.items()}

    assert ours == properties_of(GROUPS[group])


def test_a_blob_is_gzip_without_name_and_time(written: Written) -> None:
    for hub in (*GROUPS.values(), *written.values()):
        contents = (
            hub.payloads.values()
            if isinstance(hub, RecordedHub)
            else (blob.content for blob in hub.blobs.values())
        )
        for content in contents:
            assert content.startswith(NO_NAME_AND_NO_TIME)
