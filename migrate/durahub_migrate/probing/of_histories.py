"""Probes of the ways in which a history comes to a target: replayed by a ghost, by a rewind, written."""

from collections.abc import Sequence

from durabletask.internal import orchestrator_service_pb2 as pb

from durahub.edge.backend import backend_service_pb2 as bs
from durahub.errors import DurahubError, EndpointLacks
from durahub_migrate.endpoint import answers
from durahub_migrate.endpoint.backend import BackendClient
from durahub_migrate.endpoint.taking import backend_taking, request_of
from durahub_migrate.probing.judging import Observed
from durahub_migrate.probing.scratch import Scratch

LONG_AGO = 1_704_067_200
"""The first second of 2024: when the histories of the probes were."""
TICKS = 1_234_500
"""Nanoseconds in their times: more than a microsecond, so that it shows whether those are kept."""
NOTHING_CAME = "no work item came for an instance that was started"


async def ghost(scratch: Scratch) -> Observed:
    """P4: answer an activity with a result that was recorded; see which work items a filter keeps away."""
    replayed, empty = scratch.new_id(), scratch.new_id()
    other = f"{scratch.activity}-of-the-app"
    async with scratch.worker() as worker:
        await scratch.client.start_instance(scratch.start(replayed))
        item = await worker.turn(replayed, scratch.within)
        if item is None:
            return {"why": NOTHING_CAME}
        await scratch.answer(worker, item, answers.task(1, scratch.activity))
        activity = await worker.activity(replayed, scratch.within)
        if activity is None:
            return {"replayed": False, "why": "the activity did not come to the migration worker"}
        await scratch.answer_activity(worker, activity, '"recorded"')
        item = await worker.turn(replayed, scratch.within)
        new = item.orchestratorRequest.newEvents if item is not None else []
        results = [one.taskCompleted.result.value for one in new if one.HasField("taskCompleted")]
        if item is None or results != ['"recorded"']:
            return {"replayed": False, "results": results}
        await scratch.answer(worker, item, answers.task(2, other))
        kept_away = await worker.activity(replayed, scratch.quiet) is None
    return {
        "replayed": True,
        "other_names_kept_away": kept_away,
        "empty_receives_none": await _empty_receives_none(scratch, empty, other),
    }


async def _empty_receives_none(scratch: Scratch, instance_id: str, activity: str) -> bool | None:
    async with scratch.worker(activities=()) as worker:
        await scratch.client.start_instance(scratch.start(instance_id))
        item = await worker.turn(instance_id, scratch.within)
        if item is None:
            return None
        await scratch.answer(worker, item, answers.task(1, activity))
        return await worker.activity(instance_id, scratch.quiet) is None


def recorded(scratch: Scratch, instance_id: str) -> list[pb.HistoryEvent]:
    """Return a history of long ago in which an activity has ended and an event is waited for."""

    def event(number: int, second: int) -> pb.HistoryEvent:
        made = pb.HistoryEvent(eventId=number)
        made.timestamp.seconds, made.timestamp.nanos = LONG_AGO + second, TICKS
        return made

    begun, started, asked, ended, again, done = (
        event(-1, 0),
        event(-1, 0),
        event(0, 1),
        event(-1, 2),
        event(-1, 3),
        event(-1, 4),
    )
    begun.orchestratorStarted.SetInParent()
    started.executionStarted.name = scratch.name
    started.executionStarted.orchestrationInstance.instanceId = instance_id
    asked.taskScheduled.name = scratch.activity
    ended.orchestratorCompleted.SetInParent()
    again.orchestratorStarted.SetInParent()
    done.taskCompleted.taskScheduledId = 0
    done.taskCompleted.result.value = '"recorded"'
    return [begun, started, asked, ended, again, done]


def compared(given: Sequence[pb.HistoryEvent], found: Sequence[pb.HistoryEvent]) -> dict[str, bool]:
    """Return whether the events that mean something are there again, and whether at their times."""
    kinds = ("executionStarted", "orchestratorStarted", "taskScheduled", "taskCompleted")
    wanted = [one for one in given if one.WhichOneof("eventType") in kinds]
    seen = [one for one in found if one.WhichOneof("eventType") in kinds][: len(wanted)]
    same = [_told(one) for one in wanted] == [_told(one) for one in seen]
    return {
        "events_kept": same,
        "times_kept": same and _times(wanted) == _times(seen),
        "start_time_kept": same and _starts(wanted) == _starts(seen),
    }


def _times(events: Sequence[pb.HistoryEvent]) -> list[tuple[int, int]]:
    """Return the times, but for the start's, which no replay reads and an endpoint may know by itself."""
    told = [one.timestamp for one in events if not one.HasField("executionStarted")]
    return [(one.seconds, one.nanos) for one in told]


def _starts(events: Sequence[pb.HistoryEvent]) -> list[int]:
    return [one.timestamp.seconds for one in events if one.HasField("executionStarted")]


def _told(event: pb.HistoryEvent) -> tuple[object, ...]:
    match event.WhichOneof("eventType"):
        case "taskScheduled":
            return "scheduled", event.eventId, event.taskScheduled.name
        case "taskCompleted":
            done = event.taskCompleted
            return "completed", done.taskScheduledId, done.result.value
        case other:
            return (other,)


async def rewind(scratch: Scratch) -> Observed:
    """P5: let an instance fail, rewind it, and hand over a history of long ago."""
    instance_id = scratch.new_id()
    given = recorded(scratch, instance_id)
    async with scratch.worker() as worker:
        await scratch.client.start_instance(scratch.start(instance_id))
        item = await worker.turn(instance_id, scratch.within)
        if item is None:
            return {"why": NOTHING_CAME}
        failing = answers.ending(pb.ORCHESTRATION_STATUS_FAILED, number=0, error="for the probe")
        await scratch.answer(worker, item, failing)
        await scratch.ended(instance_id)
        try:
            await scratch.client.rewind(instance_id, "probe")
        except DurahubError as error:
            return {"events_kept": False, "why": error.sentence}
        item = await worker.turn(instance_id, scratch.within)
        if item is None:
            return {"events_kept": False, "why": "no work item came for the rewind"}
        new = item.orchestratorRequest.newEvents
        if not any(event.HasField("executionRewound") for event in new):
            return {"events_kept": False, "why": "the endpoint rewrites histories by itself"}
        action = pb.OrchestratorAction(id=-1)
        action.rewindOrchestration.newHistory.extend(given)
        try:
            await scratch.answer(worker, item, action)
        except DurahubError as error:
            return {"events_kept": False, "why": error.sentence}
        item = await worker.turn(instance_id, scratch.within)
        past = list(item.orchestratorRequest.pastEvents) if item is not None else []
        runs_on = item is not None and compared(given, past)["events_kept"]
        found = await _written_history(scratch, instance_id, given)
    return {**compared(given, found), "runs_on": runs_on}


async def _written_history(
    scratch: Scratch, instance_id: str, given: Sequence[pb.HistoryEvent]
) -> Sequence[pb.HistoryEvent]:
    return await scratch.seen(
        lambda: scratch.client.history(instance_id),
        lambda history: compared(given, history)["events_kept"],
    )


async def backend(scratch: Scratch) -> Observed:
    """P6: write a history of long ago through BackendService; then end the instance in the same way."""
    service = BackendClient(scratch.client.wire)
    try:
        await service.ping()
    except EndpointLacks:
        return {"reachable": False, "events_kept": False}
    except DurahubError as error:
        return {"reachable": False, "events_kept": False, "why": error.sentence}
    instance_id = scratch.new_id()
    given = recorded(scratch, instance_id)
    try:
        await service.create_instance(scratch.start(instance_id))
        request = request_of([scratch.name])
        async with backend_taking(service, request, scratch.is_mine) as worker:
            item = await worker.turn(instance_id, scratch.within)
            if item is None:
                return {"reachable": True, "why": NOTHING_CAME}
            await service.complete_orchestration(_written(item, given))
            worker.done(item.completionToken)
            found = await _written_history(scratch, instance_id, given)
            await scratch.client.raise_event(instance_id, "Probe", None)
            item = await worker.turn(instance_id, scratch.within)
            if item is None:
                return {"reachable": True, **compared(given, found), "runs_on": False}
            past = list(item.orchestratorRequest.pastEvents) or await service.runtime_state(
                instance_id
            )
            runs_on = compared(given, past)["events_kept"]
            end = pb.HistoryEvent(eventId=1)
            end.timestamp.seconds = LONG_AGO + 9
            end.executionCompleted.orchestrationStatus = pb.ORCHESTRATION_STATUS_COMPLETED
            await service.complete_orchestration(_written(item, [end]))
            worker.done(item.completionToken)
            state = await scratch.ended(instance_id)
    except DurahubError as error:
        return {"reachable": True, "events_kept": False, "why": error.sentence}
    ended = state is not None and state.orchestrationStatus in answers.ENDED
    kept = ended and state is not None and state.completedTimestamp.seconds == LONG_AGO + 9
    return {
        "reachable": True,
        **compared(given, found),
        "runs_on": runs_on,
        "ends": ended,
        "end_time_kept": kept,
    }


def _written(
    item: pb.WorkItem, events: Sequence[pb.HistoryEvent]
) -> bs.CompleteOrchestrationWorkItemRequest:
    ends = [event for event in events if event.HasField("executionCompleted")]
    return bs.CompleteOrchestrationWorkItemRequest(
        completionToken=item.completionToken,
        instance=pb.OrchestrationInstance(
            instanceId=item.orchestratorRequest.instanceId,
            executionId=item.orchestratorRequest.executionId,
        ),
        runtimeStatus=pb.ORCHESTRATION_STATUS_COMPLETED
        if ends
        else pb.ORCHESTRATION_STATUS_RUNNING,
        newHistory=events,
    )
