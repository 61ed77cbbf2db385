"""The recorded app as a worker that takes over a recorded hub. Its slow activities answer at once.

    python going_on.py ENDPOINT TASKHUB APP NOTES [--no-pauses]

APP is ``plain``, ``arrays`` (the same app, as DTFx's default converters had it: activities are given
arrays of one) or ``functions``. Each run of an activity is noted in the file NOTES before it is made, as a
line of JSON: the instance and the activity's name. Works until SIGTERM or SIGINT.

``--no-pauses``: new retries of `RetryWaits` wait for a second, not for 25.
"""

import json
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any, TextIO

sys.path.insert(0, str(Path(__file__).parents[4]))

from durabletask.task import ActivityContext, OrchestrationContext, RetryPolicy, Task

from tests.golden.finishing.apps import functions_app
from tests.sdk.apps import travel


class GivesArrays:
    """An orchestration's context that gives activities their input as an array of one."""

    def __init__(self, context: OrchestrationContext) -> None:
        self._context = context

    def __getattr__(self, name: str) -> Any:
        return getattr(self._context, name)

    def call_activity(
        self, name: str, *, retry_policy: RetryPolicy | None = None, **given: Any
    ) -> Task[Any]:
        return self._context.call_activity(
            name, input=[given.get("input")], retry_policy=retry_policy
        )


def gives_arrays(orchestrator: Callable[..., Any]) -> Callable[..., Any]:
    """Return *orchestrator* in a context that gives arrays."""

    def run(context: OrchestrationContext, given: Any) -> Any:
        return orchestrator(GivesArrays(context), given)

    run.__name__ = orchestrator.__name__
    return run


def takes_array(activity: Callable[..., Any]) -> Callable[..., Any]:
    """Return *activity*, which is then given an array of one."""

    def run(context: ActivityContext, given: list[Any]) -> Any:
        [only] = given
        return activity(context, only)

    run.__name__ = activity.__name__
    return run


def noted(activity: Callable[..., Any], notes: TextIO) -> Callable[..., Any]:
    """Return *activity*, which then writes into *notes* that it runs."""

    def run(context: ActivityContext, given: Any) -> Any:
        notes.write(json.dumps([context.orchestration_id, activity.__name__]) + "\n")
        return activity(context, given)

    run.__name__ = activity.__name__
    return run


def main(endpoint: str, task_hub: str, app: str, notes: TextIO) -> None:
    if app == "functions":
        orchestrations, activities = functions_app.ORCHESTRATIONS, functions_app.ACTIVITIES
        entities = functions_app.ENTITIES
    else:
        orchestrations, activities = travel.ORCHESTRATIONS, travel.ACTIVITIES
        entities = [travel.counter]
    if app != "plain":
        orchestrations = [gives_arrays(one) for one in orchestrations]
        activities = [takes_array(one) for one in activities]
    activities = [noted(one, notes) for one in activities]
    travel.SLOW_ANSWERS.set()
    travel.work(travel.make_worker(endpoint, task_hub, orchestrations, activities, entities))


if __name__ == "__main__":
    if "--no-pauses" in sys.argv:
        travel.RETRY_WAITS = timedelta(seconds=1)
    with Path(sys.argv[4]).open("a", buffering=1, encoding="utf-8") as file:
        main(*sys.argv[1:4], file)
