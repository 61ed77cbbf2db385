"""The recorded app, each run of its activity ``Square`` noted as a line of a file.

    python noted_travel.py ENDPOINT TASKHUB FILE

A result can be the right one though an activity ran twice; the file tells.
"""

import sys
from pathlib import Path
from typing import TextIO

import travel
from durabletask.task import ActivityContext


def note_squares(notes: TextIO) -> None:
    """Replace ``Square`` by one that writes its input into *notes* first."""

    def square(ctx: ActivityContext, k: int) -> int:
        notes.write(f"{k}\n")
        return travel.square(ctx, k)

    square.__name__ = travel.square.__name__
    travel.ACTIVITIES[travel.ACTIVITIES.index(travel.square)] = square


if __name__ == "__main__":
    with Path(sys.argv.pop()).open("a", buffering=1, encoding="utf-8") as file:
        note_squares(file)
        travel.main()
