"""What a log line is: an event and its fields, as text or as JSON; no message of a stranger's error."""

import json
import logging
import sys

import pytest

from durahub.cli.log import JsonLines, Text
from durahub.errors import HubNotFound

SECRET = "AccountKey=c2VjcmV0"


def record(
    name: str = "durahub.edge", error: BaseException | None = None, **fields: object
) -> logging.LogRecord:
    info = None if error is None else (type(error), error, error.__traceback__)
    made = logging.LogRecord(name, logging.WARNING, __file__, 1, "rpc-refused", (), info)
    vars(made).update(fields)
    return made


def raised(error: Exception) -> Exception:
    try:
        raise error
    except type(error):
        return sys.exc_info()[1]  # type: ignore[return-value]


def test_a_line_has_its_time_level_event_and_fields() -> None:
    line = json.loads(JsonLines(lambda: "4bf9").format(record(rpc="/a/B", code="DH201", hub="h")))

    assert line.pop("time").endswith("Z")
    assert line == {
        "level": "warning",
        "event": "rpc-refused",
        "trace_id": "4bf9",
        "rpc": "/a/B",
        "code": "DH201",
        "hub": "h",
    }


def test_an_error_of_ours_comes_with_its_code() -> None:
    line = json.loads(JsonLines().format(record(error=raised(HubNotFound("orders")))))

    assert line["code"] == "DH201"
    assert "orders" in line["error"]


@pytest.mark.parametrize("form", [JsonLines(), Text()], ids=["json", "text"])
def test_the_message_of_an_unforeseen_error_is_not_logged_its_place_is(
    form: logging.Formatter,
) -> None:
    line = form.format(record(error=raised(ValueError(SECRET))))

    assert SECRET not in line
    assert "ValueError" in line
    assert "test_log.py" in line


@pytest.mark.parametrize("form", [JsonLines(), Text()], ids=["json", "text"])
def test_a_librarys_message_comes_without_signatures(form: logging.Formatter) -> None:
    made = record("azure.core")
    made.msg = "asked https://a.example.net/q?sv=1&sig=c2VjcmV0%3D&st=2"

    line = form.format(made)

    assert "c2VjcmV0" not in line
    assert "library" in line
    assert "azure.core" in line


def test_a_json_line_is_one_line() -> None:
    assert "\n" not in JsonLines().format(record(error=raised(ValueError("x")), why="a\nb"))
