"""Programs that run beside us: their output, and their end."""

import os
import signal
import sys

import pytest

from durahub.local.child import KEPT, Child


def python(code: str, **options: object) -> Child:
    return Child([sys.executable, "-u", "-c", code], **options)


def test_a_line_is_found_in_either_stream() -> None:
    child = python("import sys; print('one'); print('two', file=sys.stderr); sys.stdin.read()")
    try:
        assert child.wait_for(lambda line: line if line == "two" else None, 30) == "two"
    finally:
        child.kill()


def test_a_line_written_before_we_looked_is_found() -> None:
    child = python("print('early')")
    child.wait(30)

    assert child.wait_for(lambda line: line or None, 30) == "early"


def test_nothing_is_found_in_a_program_that_has_ended() -> None:
    child = python("print('all there is')")

    assert child.wait_for(lambda line: line == "more" or None, 30) is None
    assert child.ended
    child.wait(30)


def test_waiting_ends_with_the_time_given() -> None:
    child = python("import sys; sys.stdin.read()")
    try:
        assert child.wait_for(lambda line: line, 0.05) is None
        assert not child.ended
    finally:
        child.kill()


def test_a_program_that_writes_much_is_not_blocked_and_its_last_lines_are_kept() -> None:
    child = python(f"for k in range({KEPT + 10}): print(k)")

    assert child.wait(30) == 0
    assert child.output().splitlines()[0] == "10"
    assert child.tail().splitlines()[-1] == str(KEPT + 9)


def test_closing_its_input_asks_it_to_end() -> None:
    child = python("import sys; sys.stdin.read(); raise SystemExit(7)")
    child.close_input()

    assert child.wait(30) == 7


def test_a_program_that_does_not_end_in_time_is_killed() -> None:
    child = python("import time; time.sleep(3600)")

    assert child.wait(0.05) == -signal.SIGKILL


def test_an_interrupt_is_what_ctrl_c_sends() -> None:
    child = python(
        "import signal, sys\n"
        "signal.signal(signal.SIGINT, lambda *_: sys.exit(3))\n"
        "print('ready')\n"
        "signal.pause()\n"
    )
    child.wait_for(lambda line: line, 30)

    assert child.interrupt() == 3


def test_it_may_be_ended_twice() -> None:
    child = python("import sys; sys.stdin.read()")
    child.kill()
    child.kill()

    assert child.exit_status == -signal.SIGKILL


def test_its_environment_is_ours_and_what_is_added() -> None:
    child = python("import os; print(os.environ['PATH'], os.environ['ADDED'])", env={"ADDED": "x"})
    child.wait(30)

    assert child.output() == f"{os.environ['PATH']} x"


def test_a_program_that_is_not_there_is_an_os_error() -> None:
    with pytest.raises(OSError, match="no-such-program"):
        Child(["no-such-program"])
