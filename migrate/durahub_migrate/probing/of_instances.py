"""Probes that a client makes: IDs, tags, timers, the custom status, the rate."""

import asyncio

import anyio
from durabletask.internal import orchestrator_service_pb2 as pb

from durahub.errors import DurahubError, EndpointBusy, InstanceExists, ServerUnavailable
from durahub_migrate.endpoint import answers
from durahub_migrate.probing.judging import CHARACTERS, LENGTHS, Observed
from durahub_migrate.probing.scratch import Scratch

A_DAY = 86_400  # seconds
BURST = 100
"""Calls of the probe of the rate."""
_STREAMS = 16


async def duplicates(scratch: Scratch) -> Observed:
    """P1: start what is there, while it lives, and when it has ended; with an empty policy and with none."""
    live, ended = scratch.new_id(), scratch.new_id()
    await scratch.client.start_instance(scratch.start(live, waits=True))
    await scratch.client.start_instance(scratch.start(ended))
    async with scratch.worker() as worker:
        item = await worker.turn(ended, scratch.within)
        if item is None:
            return {"why": "no work item came for an instance that was started"}
        action = answers.ending(pb.ORCHESTRATION_STATUS_COMPLETED)
        await scratch.answer(worker, item, action)
        await scratch.ended(ended)
    plain = scratch.start(live, waits=True)
    plain.ClearField("orchestrationIdReusePolicy")
    return {
        "live": await _is_refused(scratch, scratch.start(live, waits=True)),
        "live_without_policy": await _is_refused(scratch, plain),
        "ended": await _is_refused(scratch, scratch.start(ended, waits=True)),
    }


async def _is_refused(scratch: Scratch, request: pb.CreateInstanceRequest) -> bool:
    try:
        await scratch.client.start_instance(request)
    except InstanceExists:
        return True
    return False


async def ids(scratch: Scratch) -> Observed:
    """P2: IDs of several lengths, and with characters that others refuse; each must come back as it was."""
    lengths: dict[str, object] = {}
    for length in LENGTHS:
        base = scratch.new_id("-")
        lengths[str(length)] = await _is_kept(scratch, base + "x" * (length - len(base)))
    characters: dict[str, object] = {}
    for name, character in CHARACTERS.items():
        characters[name] = await _is_kept(scratch, scratch.new_id(f"-{character}-x"))
    return {"lengths": lengths, "characters": characters}


async def _is_kept(scratch: Scratch, instance_id: str) -> bool | str:
    scratch.made.append(instance_id)
    try:
        told = await scratch.client.start_instance(scratch.start(instance_id, waits=True))
        state = await scratch.client.get_instance(instance_id, payloads=False)
    except DurahubError as error:
        return error.sentence
    if told != instance_id or state is None or state.instanceId != instance_id:
        return "it was taken, and came back as another"
    return True


async def past_timer(scratch: Scratch) -> Observed:
    """P7: set a timer for yesterday."""
    instance_id = scratch.new_id()
    await scratch.client.start_instance(scratch.start(instance_id))
    async with scratch.worker() as worker:
        item = await worker.turn(instance_id, scratch.within)
        if item is None:
            return {"why": "no work item came for an instance that was started"}
        await scratch.answer(worker, item, answers.timer(1, scratch.unix_now() - A_DAY))
        item = await worker.turn(instance_id, scratch.within)
        new = item.orchestratorRequest.newEvents if item is not None else []
        return {"fired": any(event.HasField("timerFired") for event in new)}


async def custom_status(scratch: Scratch) -> Observed:
    """P11: set a custom status in one turn, and say nothing of it in the next."""
    instance_id = scratch.new_id()
    await scratch.client.start_instance(scratch.start(instance_id))
    async with scratch.worker() as worker:
        item = await worker.turn(instance_id, scratch.within)
        if item is None:
            return {"why": "no work item came for an instance that was started"}
        await scratch.answer(worker, item, status='"set"')
        first = await scratch.seen(
            lambda: scratch.client.get_instance(instance_id),
            lambda state: state is not None and state.customStatus.value == '"set"',
        )
        await scratch.client.raise_event(instance_id, "Probe", None)
        item = await worker.turn(instance_id, scratch.within)
        if item is None:
            return {"why": "no work item came for an event that was raised"}
        ending = answers.ending(pb.ORCHESTRATION_STATUS_COMPLETED, number=1)
        await scratch.answer(worker, item, ending)  # the end shows that this turn is written
        second = await scratch.ended(instance_id)
    return {
        "shown": first is not None and first.customStatus.value == '"set"',
        "kept": second is not None and second.customStatus.value == '"set"',
    }


async def tags(scratch: Scratch) -> Observed:
    """P12: give an instance tags; a client, a query and a worker should see them."""
    instance_id = scratch.new_id()
    request = scratch.start(instance_id)
    given = {"durahub-job": "probe", "durahub-digest": "0123456789abcdef"}
    request.tags.update(given)
    await scratch.client.start_instance(request)
    state = await scratch.client.get_instance(instance_id)
    async with scratch.worker() as worker:
        item = await worker.turn(instance_id, scratch.within)
    new = item.orchestratorRequest.newEvents if item is not None else []
    started = [event.executionStarted for event in new if event.HasField("executionStarted")]
    by_state = state is not None and dict(state.tags) == given
    by_history = any(dict(event.tags) == given for event in started)
    return {"kept": by_state or by_history, "by_state": by_state, "by_history": by_history}


async def rate(scratch: Scratch) -> Observed:
    """P13: send calls without a pause, several at a time, and count refusals."""
    refused = 0
    limit = anyio.CapacityLimiter(_STREAMS)
    missing = f"{scratch.run}-nobody"

    async def ask() -> None:
        nonlocal refused
        async with limit:
            try:
                await scratch.client.get_instance(missing, payloads=False)
            except (EndpointBusy, ServerUnavailable):
                refused += 1

    began = scratch.monotonic()
    await asyncio.gather(*(ask() for _ in range(BURST)))
    seconds = max(scratch.monotonic() - began, 0.001)
    return {"calls": BURST, "refused": refused, "calls_a_second": round(BURST / seconds, 1)}
