"""Starts and commits instances in a file as fast as it can, and says so after each; until it is killed."""

import asyncio
import itertools
import sys

from scheduler_hubs import Desk, activity, episode, opened, raised, served, start

from durahub.dispatch.clock import system_clock

AT_ONCE = 8


async def commit_forever(place: str, prefix: str) -> None:
    async with opened(place, system_clock) as store, served(store, Desk(messages=10**9)) as desk:
        numbers = itertools.count()
        done = 0

        async def start_some() -> None:
            for number in numbers:
                instance_id = f"{prefix}-{number}"
                await store.start(start(instance_id), None)
                print(f"started {instance_id}", flush=True)

        async def commit_all() -> None:
            nonlocal done
            while True:
                delivery = await desk.message(done + 1)
                done += 1
                instance_id = delivery.message.target.instance_id
                if not instance_id.startswith("child"):
                    child = raised(f"child of {instance_id}")
                    work = [activity(), activity(1)]
                    await store.commit(
                        episode(
                            delivery, outbound=[child], activities=work, instance_id=instance_id
                        )
                    )
                    print(f"committed {instance_id}", flush=True)

        await asyncio.gather(*(start_some() for _ in range(AT_ONCE)), commit_all())


asyncio.run(commit_forever(sys.argv[1], sys.argv[2]))
