"""Stops a run in good order: whoever ends the process is answered as Ctrl-C is, at once."""

import contextlib
import signal
import threading
from collections.abc import Iterator
from typing import NoReturn


@contextlib.contextmanager
def stopped_in_order() -> Iterator[None]:
    """Raise ``KeyboardInterrupt`` in the body on Ctrl-C and on ``SIGTERM``.

    The event loop would wait with it until the work waits for something; a bundle is read, and conclusions
    are drawn, without waiting. What is open is closed on the way out, and what is half written removed.
    """
    if threading.current_thread() is not threading.main_thread():
        yield  # only there signals can be answered
        return
    before = {one: signal.signal(one, _interrupt) for one in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)


def _interrupt(*_: object) -> NoReturn:
    raise KeyboardInterrupt
