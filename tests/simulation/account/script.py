"""What clients ask of storage, as a script: played against the simulated account and against a real one.

Each step notes what clients look at: status, error code, whether there is a version or a receipt, and
the content. Both notes must be the same.
"""

import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote
from xml.etree import ElementTree as ET

from durahub.classic.account import Account
from durahub.classic.asked import Answer
from durahub.classic.connection import AccountKey
from durahub.classic.signing import QueueSigner
from durahub.classic.storage_errors import response_code
from durahub.classic.tables import Tables, delete, insert, merge, put
from durahub.classic.transport import API_VERSION
from durahub.classic.wire import Wire

_TABLE = {
    "x-ms-version": "2020-12-06",
    "DataServiceVersion": "3.0",
    "Accept": "application/json;odata=minimalmetadata",
    "Content-Type": "application/json",
}
_XML = {"x-ms-version": API_VERSION, "Accept": "application/xml"}
_NO_TABLE = "NoSuchTable"
L1, L2 = "11111111-0000-0000-0000-000000000000", "22222222-0000-0000-0000-000000000000"


@dataclass(frozen=True, slots=True)
class Ways:
    """The ways to an account's services."""

    table: Wire
    queue: Wire
    blob: Wire

    @classmethod
    def to(cls, account: Account, access: AccountKey) -> "Ways":
        """Return the ways of *account*, whose key is in *access*."""
        queue = account.queue_wire
        blob = Wire(queue.transport, account.endpoints.blob, access, QueueSigner)
        return cls(account.table_wire, queue, blob)


class Player:
    """Plays the script and notes what it sees. Names of things begin with *prefix*."""

    def __init__(self, ways: Ways, prefix: str, rows: Tables) -> None:
        self._ways = ways
        self._rows = rows
        self.table = f"{prefix}Rows"
        self.queue = f"{prefix}-queue"
        self.container = f"{prefix}-blobs"
        self.seen: list[tuple[str, Any]] = []

    async def play(self) -> list[tuple[str, Any]]:
        """Play all of it."""
        await self._tables()
        await self._transactions()
        await self._queries()
        await self._queues()
        await self._blobs()
        await self._leases()
        return self.seen

    # -- tables --------------------------------------------------------------------------------

    async def _row(
        self, what: str, method: str, path: str, body: Any = None, **headers: str
    ) -> Answer:
        """Ask for something of a table; note status, code and, for a row, its columns."""
        content = None if body is None else json.dumps(body).encode()
        more = {name.replace("_", "-"): value for name, value in headers.items()}
        answer = await self._ways.table.send(
            method, path, headers={**_TABLE, **more}, content=content
        )
        self._note(what, answer, _columns(answer) if answer.status_code == 200 else None)
        return answer

    async def _tables(self) -> None:
        table = self.table
        row = f"{table}(PartitionKey='{quote('a^1', safe='')}',RowKey='1')"
        entity = {"PartitionKey": "a^1", "RowKey": "1", "Text": "ä'ö", "Count": 7, "Yes": True}
        await self._row("table is made", "POST", "Tables", {"TableName": table})
        await self._row("table is there", "POST", "Tables", {"TableName": table})
        await self._row("row of no table", "GET", f"{_NO_TABLE}(PartitionKey='a',RowKey='b')")
        await self._row("no such row", "GET", row)
        await self._row("merge into nothing", "PATCH", row, entity, If_Match="*")
        await self._row("insert", "POST", table, entity, Prefer="return-no-content")
        await self._row("insert again", "POST", table, entity, Prefer="return-no-content")
        answer = await self._row("get", "GET", row)
        etag = answer.headers["ETag"]
        more = {"PartitionKey": "a^1", "RowKey": "1", "More": "x", "Text": None}
        await self._row("merge", "PATCH", row, more, If_Match=etag)
        await self._row("merged", "GET", row)
        await self._row("merge with an old version", "PATCH", row, more, If_Match=etag)
        await self._row("replace with an old version", "PUT", row, entity, If_Match=etag)
        await self._row("delete with an old version", "DELETE", row, If_Match=etag)
        await self._row("replace whatever it is", "PUT", row, entity, If_Match="*")
        await self._row("replaced", "GET", row)
        await self._row("delete", "DELETE", row, If_Match="*")
        await self._row("delete again", "DELETE", row, If_Match="*")
        await self._row("insert or merge", "PATCH", row, entity)
        await self._row("insert or replace", "PUT", row, more)
        timed = {
            "PartitionKey": "t",
            "RowKey": "",
            "At": "2026-11-22T01:02:03.1234567Z",
            "At@odata.type": "Edm.DateTime",
            "Big": "9007199254740993",
            "Big@odata.type": "Edm.Int64",
        }
        await self._row("insert times", "POST", table, timed, Prefer="return-no-content")
        await self._row("times", "GET", f"{table}(PartitionKey='t',RowKey='')")

    async def _transactions(self) -> None:
        rows, table = self._rows, self.table
        first = [{"PartitionKey": "h", "RowKey": f"{n:02d}", "N": n} for n in range(3)]
        etags = await rows.transact(table, [insert(one) for one in first])
        self._see("transaction", etags is not None and [bool(one) for one in etags])
        assert etags is not None
        done = await rows.transact(table, [put(first[1]), insert(first[2])])
        self._see("transaction with one that is there", done)
        changed = {**first[0], "N": 9}
        done = await rows.transact(table, [put({**first[1], "N": 8}), merge(changed, etags[1])])
        self._see("transaction with an old version", done)
        row = await rows.get(table, "h", "01")
        self._see("nothing of it was done", row is not None and row.columns["N"])
        mixed = [merge(changed, etags[0]), delete("h", "02"), put({**first[1], "N": 8})]
        done = await rows.transact(table, mixed)
        self._see("mixed transaction", done is not None and [bool(one) for one in done])
        page, _ = await rows.query(table, "PartitionKey eq 'h'")
        self._see("what it left", [(one.columns["RowKey"], one.columns["N"]) for one in page])

    async def _queries(self) -> None:
        rows, table = self._rows, self.table
        for condition in (
            "",
            "PartitionKey eq 'h'",
            "PartitionKey gt 'a' and PartitionKey lt 'i' and (N eq 8 or N eq 9)",
            "At ge datetime'2026-11-22T01:02:03.1234567Z'",
            "At gt datetime'2026-11-22T01:02:03.1234567Z'",
            "Missing gt ''",
            "RowKey eq '' or PartitionKey eq 'a^1'",
            "not (PartitionKey eq 'h')",
        ):
            page, following = await rows.query(table, condition)
            keys = [(one.columns["PartitionKey"], one.columns["RowKey"]) for one in page]
            self._see(f"query {condition!r}", (keys, following))
        page, following = await rows.query(table, "PartitionKey eq 'h'", most=1)
        self._see("first page", ([one.columns["RowKey"] for one in page], following is not None))
        page, following = await rows.query(table, "PartitionKey eq 'h'", start=following)
        self._see("next page", ([one.columns["RowKey"] for one in page], following))
        page, _ = await rows.query(table, "PartitionKey eq 'h'", select=["N"])
        self._see("selected", [dict(one.columns) for one in page])

    # -- queues --------------------------------------------------------------------------------

    async def _of_queue(
        self, what: str, method: str, path: str, text: str | None = None
    ) -> tuple[Answer, list[dict[str, str]]]:
        body = None
        if text is not None:
            body = f"<QueueMessage><MessageText>{text}</MessageText></QueueMessage>".encode()
        headers = _XML if body is None else {**_XML, "Content-Type": "application/xml"}
        answer = await self._ways.queue.send(method, path, headers=headers, content=body)
        found: list[dict[str, str]] = []
        if answer.status_code < 300 and answer.content:
            for message in ET.fromstring(answer.content).iter("QueueMessage"):
                found.append({one.tag: one.text or "" for one in message})
        told = [(sorted(one), one.get("MessageText"), one.get("DequeueCount")) for one in found]
        count = answer.headers.get("x-ms-approximate-messages-count")
        self._note(what, answer, (told, count, "x-ms-popreceipt" in answer.headers))
        return answer, found

    async def _queues(self) -> None:
        queue = self.queue
        messages = f"{queue}/messages"
        await self._of_queue("put into no queue", "POST", f"{messages}?messagettl=-1", "x")
        await self._of_queue("queue is made", "PUT", queue)
        await self._of_queue("queue is there", "PUT", queue)
        await self._of_queue("empty", "GET", f"{messages}?numofmessages=32&visibilitytimeout=60")
        put_now = f"{messages}?visibilitytimeout=0&messagettl=-1"
        await self._of_queue("put", "POST", put_now, "one &lt; two")
        _, (hidden,) = await self._of_queue(
            "put hidden", "POST", f"{messages}?visibilitytimeout=60&messagettl=-1", "hidden"
        )
        await self._of_queue("peek", "GET", f"{messages}?peekonly=true&numofmessages=32")
        await self._of_queue("depth", "GET", f"{queue}?comp=metadata")
        _, (first,) = await self._of_queue(
            "receive", "GET", f"{messages}?numofmessages=32&visibilitytimeout=60"
        )
        await self._of_queue("received", "GET", f"{messages}?numofmessages=32&visibilitytimeout=60")
        place, receipt = f"{messages}/{first['MessageId']}", quote(first["PopReceipt"], safe="")
        answer, _ = await self._of_queue(
            "hide for longer", "PUT", f"{place}?popreceipt={receipt}&visibilitytimeout=60"
        )
        await self._of_queue("delete by the old receipt", "DELETE", f"{place}?popreceipt={receipt}")
        await self._of_queue(
            "hide by the old receipt", "PUT", f"{place}?popreceipt={receipt}&visibilitytimeout=0"
        )
        new = quote(answer.headers["x-ms-popreceipt"], safe="")
        answer, _ = await self._of_queue(
            "show another text", "PUT", f"{place}?popreceipt={new}&visibilitytimeout=0", "other"
        )
        await self._of_queue("peek again", "GET", f"{messages}?peekonly=true&numofmessages=32")
        new = quote(answer.headers["x-ms-popreceipt"], safe="")
        await self._of_queue("delete", "DELETE", f"{place}?popreceipt={new}")
        await self._of_queue("delete again", "DELETE", f"{place}?popreceipt={new}")
        await self._of_queue(
            "hide what is gone", "PUT", f"{place}?popreceipt={new}&visibilitytimeout=0"
        )
        place, receipt = f"{messages}/{hidden['MessageId']}", quote(hidden["PopReceipt"], safe="")
        await self._of_queue(
            "delete what was put hidden", "DELETE", f"{place}?popreceipt={receipt}"
        )
        await self._of_queue("depth at the end", "GET", f"{queue}?comp=metadata")
        await self._of_queue("delete queue", "DELETE", queue)
        await self._of_queue("depth of no queue", "GET", f"{queue}?comp=metadata")

    # -- blobs ---------------------------------------------------------------------------------

    async def _of_blob(
        self, what: str, method: str, path: str, content: bytes | None = None, **headers: str
    ) -> Answer:
        more = {name.replace("_", "-"): value for name, value in headers.items()}
        answer = await self._ways.blob.send(method, path, headers={**_XML, **more}, content=content)
        shown: list[Any] = [answer.headers.get(f"x-ms-lease-{one}") for one in ("state", "id")]
        if answer.status_code < 300 and method == "GET":
            listed = "comp=list" in path
            shown.append(_listed(answer.content) if listed else answer.content)
        self._note(what, answer, shown)
        return answer

    async def _put(self, what: str, name: str, content: bytes, **headers: str) -> Answer:
        kind = {"x_ms_blob_type": "BlockBlob", "Content_Type": "application/octet-stream"}
        return await self._of_blob(what, "PUT", name, content, **kind, **headers)

    async def _blobs(self) -> None:
        container, name = self.container, f"{self.container}/folder/a"
        whole = f"{container}?restype=container"
        await self._put("blob in no container", name, b"x")
        await self._of_blob("no such container", "GET", name)
        await self._of_blob("container is made", "PUT", whole)
        await self._of_blob("container is there", "PUT", whole)
        await self._of_blob("no such blob", "GET", name)
        answer = await self._put("write", name, b"first")
        await self._put("write if it is not there", name, b"x", If_None_Match="*")
        await self._of_blob("read", "GET", name)
        await self._of_blob("read a range", "GET", name, x_ms_range="bytes=1-99")
        etag = answer.headers["ETag"]
        await self._put("write over a version", name, b"second", If_Match=etag)
        await self._put("write over an old version", name, b"x", If_Match=etag)
        await self._put("an empty one", f"{container}/b", b"")
        await self._of_blob(
            "range of an empty one", "GET", f"{container}/b", x_ms_range="bytes=0-9"
        )
        await self._of_blob("list", "GET", f"{whole}&comp=list")
        await self._of_blob("list a folder", "GET", f"{whole}&comp=list&prefix=folder/")
        await self._of_blob("delete", "DELETE", f"{container}/b")
        await self._of_blob("delete again", "DELETE", f"{container}/b")

    async def _leases(self) -> None:
        blob, container = f"{self.container}/folder/a", f"{self.container}?restype=container"
        for place, mark in ((blob, "?"), (container, "&")):
            lease = f"{place}{mark}comp=lease"

            async def act(
                what: str,
                action: str,
                lease: str = lease,
                is_blob: bool = mark == "?",
                **headers: str,
            ) -> None:
                what = f"{'blob' if is_blob else 'container'}: {what}"
                await self._of_blob(what, "PUT", lease, x_ms_lease_action=action, **headers)

            seconds = {"x_ms_lease_duration": "60"}
            await act("renew what nobody has", "renew", x_ms_lease_id=L1)
            await act(
                "change what nobody has", "change", x_ms_lease_id=L1, x_ms_proposed_lease_id=L2
            )
            await act("acquire", "acquire", x_ms_proposed_lease_id=L1, **seconds)
            await act("acquire once more", "acquire", x_ms_proposed_lease_id=L1, **seconds)
            await act("acquire another's", "acquire", x_ms_proposed_lease_id=L2, **seconds)
            await act("renew", "renew", x_ms_lease_id=L1)
            await act("renew another's", "renew", x_ms_lease_id=L2)
            await act("change", "change", x_ms_lease_id=L1, x_ms_proposed_lease_id=L2)
            await act("change again", "change", x_ms_lease_id=L1, x_ms_proposed_lease_id=L2)
            await act("renew by the old ID", "renew", x_ms_lease_id=L1)
            await act("release by the old ID", "release", x_ms_lease_id=L1)
            if mark == "?":
                await self._put("write without the lease", place, b"x")
                await self._put("write with a wrong lease", place, b"x", x_ms_lease_id=L1)
                await self._put("write with the lease", place, b"third", x_ms_lease_id=L2)
                await self._of_blob("delete without the lease", "DELETE", place)
                await self._of_blob("read with its state", "GET", place)
            else:
                await self._of_blob("delete a leased container", "DELETE", place)
            await act("release", "release", x_ms_lease_id=L2)
            await act("release again", "release", x_ms_lease_id=L2)
            await act(
                "acquire for ever", "acquire", x_ms_proposed_lease_id=L1, x_ms_lease_duration="-1"
            )
            await act("break", "break", x_ms_lease_break_period="0")
            await act("acquire after the break", "acquire", x_ms_proposed_lease_id=L2, **seconds)
            await act("release at last", "release", x_ms_lease_id=L2)
        name = f"{self.container}/folder/a"
        await self._put("write with a lease that is gone", name, b"x", x_ms_lease_id=L2)
        await self._of_blob("delete container", "DELETE", f"{self.container}?restype=container")

    # -- notes ---------------------------------------------------------------------------------

    def _note(self, what: str, answer: Answer, more: Any) -> None:
        code = response_code(answer) if answer.status_code >= 400 else ""
        self._see(what, (answer.status_code, code, "ETag" in answer.headers, more))

    def _see(self, what: str, seen: Any) -> None:
        self.seen.append((what, seen))


def _columns(answer: Answer) -> dict[str, Any]:
    entity = json.loads(answer.content)
    return {
        name: value
        for name, value in sorted(entity.items())
        if not name.startswith(("odata.", "Timestamp"))
    }


def _listed(content: bytes) -> list[tuple[str | None, str | None]]:
    root = ET.fromstring(content.decode("utf-8-sig"))
    return [
        (one.findtext("Name"), one.findtext("Properties/LeaseState")) for one in root.iter("Blob")
    ]
