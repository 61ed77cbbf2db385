"""The recorded app and the app of every kind in one worker.

    python everything.py ENDPOINT TASKHUB

Its activity ``Slow`` never answers.
"""

import argparse

import mixed
import travel


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("endpoint")
    parser.add_argument("task_hub")
    options = parser.parse_args()
    travel.work(
        travel.make_worker(
            options.endpoint,
            options.task_hub,
            (*travel.ORCHESTRATIONS, *mixed.ORCHESTRATIONS),
            (*travel.ACTIVITIES, *mixed.ACTIVITIES),
            (travel.counter, mixed.pycounter),
        )
    )


if __name__ == "__main__":
    main()
