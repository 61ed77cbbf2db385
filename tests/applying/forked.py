"""Work in processes that may be killed."""

import os
import signal
import traceback
from collections.abc import Callable


def in_child(work: Callable[[], object]) -> bool:
    """Do *work* in a process of its own; tell whether that has ended well and was not killed."""
    child = os.fork()
    if child == 0:
        try:
            work()
            os._exit(0)
        except BaseException:
            traceback.print_exc()
            os._exit(1)
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status) and os.WTERMSIG(status) in (signal.SIGKILL, signal.SIGALRM):
        return False
    if status:
        raise SystemExit(f"a run has failed: {status}")
    return True
