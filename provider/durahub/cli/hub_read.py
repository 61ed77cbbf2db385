"""``durahub hub read``: a hub's instances as .NET's clients would tell them, a line of JSON each."""

import json
import re
import sys
import time
from typing import Any

import click

from durahub.address import parse_store
from durahub.answers.dtfx_client import instance_answer
from durahub.answers.entities import entity_answer
from durahub.answers.functions_client import extension_answer
from durahub.answers.long_texts import shortened
from durahub.cli.opening import hub_address, open_reader, run
from durahub.cli.tracking_options import tracking_prefix_option, tracking_store_option
from durahub.errors import Malformed
from durahub.stored import NotRead, StoredInstance

_HALF = re.compile("[\ud800-\udfff]")  # of a surrogate pair: UTF-8 cannot hold it
TOLD_EVERY = 0.2  # seconds between two words on how far it is


@click.command()
@click.argument("address", metavar="[HUB]", required=False, envvar="DURAHUB_HUB")
@click.option("--entities", is_flag=True, help="Print the entities instead, as entity queries do.")
@click.option("--full", is_flag=True, help="Print texts of more than 4,096 characters whole, too.")
@tracking_prefix_option
@tracking_store_option
@click.option(
    "--extension/--no-extension",
    default=None,
    help="With what GetStatusAsync of Durable Functions answers; by default if the hub is such an app's.",
)
def read(
    address: str | None,
    entities: bool,
    full: bool,
    tracking_prefix: str | None,
    tracking_store: str | None,
    extension: bool | None,
) -> None:
    """Print every instance of a hub as .NET's clients would tell it, one JSON object a line.

    State and history have the members, the order and the values that the .NET client gives: so two
    readers of one hub can be compared with diff. Nothing is written to the hub and nothing is taken
    from its queues; workers may be at work on it.

    \b
    Examples:
      durahub hub read orders > orders.jsonl
      durahub hub read env:STORAGE/orders --entities
      durahub hub read orders --full | jq 'select(.status == "Failed") | .output'

    A text of more than 4,096 characters is printed as {"$length", "$sha256", "$start"}, unless
    --full. What cannot be read has no line; stderr says where it is and why.

    Exit status: 0 all was read, 1 something could not be read, 2 there is no such hub, 4 storage does
    not answer.
    """  # noqa: D301 (click's mark for a paragraph to leave as it is)
    tracking = parse_store(tracking_store) if tracking_store is not None else None

    async def reading() -> int:
        progress = _Progress()
        unread = 0
        async with open_reader(
            hub_address(address), tracking_prefix=tracking_prefix, tracking_store=tracking
        ) as reader:
            functions = await reader.is_of_functions() if extension is None else extension
            async for one in reader.instances(entities=entities):
                try:
                    if isinstance(one, NotRead):
                        raise one.error
                    answer = _answer(one, entity=entities, functions=functions)
                except Malformed as error:
                    unread += 1
                    click.echo(f"error: {_place(one)}: {error}", err=True)
                    continue
                click.echo(_line(answer if full else shortened(answer)))
                progress.one_more()
        progress.end()
        return 1 if unread else 0

    raise SystemExit(run(reading()))


def _answer(stored: StoredInstance, *, entity: bool, functions: bool) -> dict[str, Any]:
    if entity:
        return entity_answer(stored, functions=functions)
    answer = instance_answer(stored)
    return answer | extension_answer(stored, answer["history"]) if functions else answer


def _place(one: StoredInstance | NotRead) -> str:
    return one.place if isinstance(one, NotRead) else f"instance {one.instance_id!r}"


def _line(answer: dict[str, Any]) -> str:
    text = json.dumps(answer, ensure_ascii=False)
    return _HALF.sub(lambda half: f"\\u{ord(half[0]):04x}", text)


class _Progress:
    """Says on stderr how many lines there are, if somebody sits there and does not see the lines."""

    def __init__(self) -> None:
        self._shown = sys.stderr.isatty() and not sys.stdout.isatty()
        self._count = 0
        self._told = 0.0

    def one_more(self) -> None:
        self._count += 1
        if self._shown and time.monotonic() - self._told >= TOLD_EVERY:
            self._told = time.monotonic()
            click.echo(f"\r{self._count:,} read", nl=False, err=True)

    def end(self) -> None:
        if self._shown:
            click.echo(f"\r{self._count:,} read", err=True)
