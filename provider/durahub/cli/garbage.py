"""How often a server process looks for garbage in cycles.

Nearly all that a server makes is gone with its last reference; cycles come of failures at most. Python's own
pace, every 700 objects, costs 5 % of a server's CPU under load, most of it for events that are still in use.
"""

import contextlib
import gc
from collections.abc import Iterator

EVERY = 10_000
"""Objects that are made and not given up again between two looks: a megabyte or two at most."""


@contextlib.contextmanager
def seldom_collected() -> Iterator[None]:
    """Look seldom for the body, and never at what is there already: modules and their classes."""
    before = gc.get_threshold()
    gc.collect()
    gc.freeze()
    gc.set_threshold(EVERY, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()
