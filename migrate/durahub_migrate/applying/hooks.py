"""Commands that are run at the moments of a job, with its state in their environment.

=====================  ======================================================
``on-plan``            when a plan is applied for the first time
``before-cutover``     when all was placed and counted; may keep it from going on
``after-cutover``      when the target's app may run
``on-failure``         when a run ends before it has handed over, for whatever reason
=====================  ======================================================

A command gets ``DURAHUB_HOOK`` (the moment), ``DURAHUB_PLAN``, ``DURAHUB_JOB`` (the folder),
``DURAHUB_STATE``, ``DURAHUB_TARGET``, ``DURAHUB_UNITS_FAILED``, ``DURAHUB_UNITS_REJECTED`` and
``DURAHUB_REASON``. What it prints goes to stderr. The first two end the run where their status is not 0.
"""

import asyncio
import os
from collections.abc import Iterable, Mapping

from durahub.errors import BadSetting, MoveBlocked

ON_PLAN, BEFORE_CUTOVER, AFTER_CUTOVER, ON_FAILURE = MOMENTS = (
    "on-plan",
    "before-cutover",
    "after-cutover",
    "on-failure",
)
STDERR = 2
DECIDE = frozenset({ON_PLAN, BEFORE_CUTOVER})


def environment(moment: str, facts: Mapping[str, object]) -> dict[str, str]:
    """Return what a command is told: *facts* by names as ``units_failed``."""
    told = {f"DURAHUB_{name.upper()}": str(value) for name, value in facts.items()}
    return {"DURAHUB_HOOK": moment, **told}


def parse(texts: Iterable[str]) -> dict[str, str]:
    """Return the commands by their moments, as people type them: ``before-cutover=./check``.

    Raises `BadSetting`.
    """
    found = {}
    for text in texts:
        moment, equals, command = text.partition("=")
        if moment not in MOMENTS or not equals or not command:
            raise BadSetting("--hook", text, f"NAME=COMMAND, where NAME is {', '.join(MOMENTS)}")
        found[moment] = command
    return found


async def run(commands: Mapping[str, str], moment: str, facts: Mapping[str, object]) -> str | None:
    """Run the command of *moment*, if there is one; return what is wrong, ``None`` if nothing is.

    Raises `MoveBlocked` where the moment decides.
    """
    command = commands.get(moment)
    if command is None:
        return None
    process = await asyncio.create_subprocess_shell(
        command,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=STDERR,
        env={**os.environ, **environment(moment, facts)},
    )
    status = await process.wait()
    if status == 0:
        return None
    problem = f"the hook {moment} has ended with {status}"
    if moment in DECIDE:
        raise MoveBlocked(problem, "see to what it has told, and apply the plan again")
    return problem
