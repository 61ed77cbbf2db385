"""Input and output of an instance row, wherever they stand: in it, in a blob, in a start message's blob."""

from durahub.classic.envelope import Envelope, decode
from durahub.classic.instance_rows import InstanceRow
from durahub.classic.large_payloads import LargePayloads
from durahub.classic.payloads import candidates, is_message_blob
from durahub.errors import BadPayload
from durahub.model.history import ExecutionStarted


async def input_of(found: InstanceRow, payloads: LargePayloads) -> str | None:
    """Return the input. Raises `BadPayload` and `BadMessage`."""
    if found.input_blob is not None:
        return await payloads.read(found.input_blob)
    return await resolved(found.instance.input, payloads)


async def output_of(found: InstanceRow, payloads: LargePayloads) -> str | None:
    """Return the output. Raises `BadPayload`."""
    return await resolved(found.instance.output, payloads)


async def resolved(text: str | None, payloads: LargePayloads) -> str | None:
    """Return *text*, or what stands in the blob that it is the address of."""
    names = candidates(text, payloads.url) if text is not None else ()
    for number, name in enumerate(names, 1):
        try:
            content = await payloads.read(name)
        except BadPayload:
            if number == len(names):
                raise
            continue
        return _start_input(content, name) if is_message_blob(name) else content
    return text


def _start_input(text: str, blob_name: str) -> str | None:
    """Return the input in a start message that stands in a blob."""
    envelope = decode(text)
    event = envelope.message.event if isinstance(envelope, Envelope) else None
    if not isinstance(event, ExecutionStarted):
        raise BadPayload(blob_name, "it holds no start message")
    return event.input
