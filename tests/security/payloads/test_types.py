"""``$type`` names a class of .NET. Here it chooses a row of a closed table, or the message is set aside."""

import json
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from durahub.classic.envelope import decode
from durahub.classic.event_json import NAMESPACE, read_event
from durahub.errors import BadMessage
from durahub.model.history import Event

GADGETS = (
    "System.Diagnostics.Process, System",
    "System.Windows.Data.ObjectDataProvider, PresentationFramework",
    "System.Configuration.Install.AssemblyInstaller, System.Configuration.Install",
    "System.Security.Principal.WindowsIdentity",
    "System.Web.Security.RolePrincipal, System.Web",
    "System.IO.FileInfo, System.IO.FileSystem",
    "Microsoft.VisualStudio.Text.Formatting.TextFormattingRunProperties",
    "System.Data.DataSet, System.Data",
    "os.system",
    "subprocess.Popen",
    "builtins.eval",
    "durahub.classic.store.ClassicStore",
    "__class__",
    f"{NAMESPACE}HistoryEvent",
    f"{NAMESPACE}../TaskScheduledEvent",
)
ARGUMENTS = {
    "MethodName": "Start",
    "MethodParameters": {"$values": ["cmd", "/c calc"]},
    "ObjectInstance": {"$type": "System.Diagnostics.Process, System"},
    "py/object": "os.system",
    "__reduce__": ["os.system", ["true"]],
}


@pytest.mark.parametrize("gadget", GADGETS)
def test_an_event_of_another_type_is_set_aside_and_the_type_is_named(gadget: str) -> None:
    with pytest.raises(BadMessage, match="unknown event type"):
        read_event({"$type": gadget, "EventId": 1, **ARGUMENTS})


@pytest.mark.parametrize("gadget", GADGETS)
def test_types_within_a_known_event_are_passed_over(gadget: str) -> None:
    loaded = set(sys.modules)
    event = read_event(
        {
            "$type": f"{NAMESPACE}TaskFailedEvent",
            "EventId": 1,
            "TaskScheduledId": 0,
            "Reason": "no",
            "FailureDetails": {
                "$type": gadget,
                "ErrorType": "E",
                "ErrorMessage": "no",
                "InnerFailure": {
                    "$type": gadget,
                    "ErrorType": "I",
                    "ErrorMessage": "",
                    **ARGUMENTS,
                },
                "Properties": {"$type": gadget, "detail": {"$type": gadget, **ARGUMENTS}},
            },
        }
    )

    assert isinstance(event, Event)
    assert "$type" not in repr(event)
    assert set(sys.modules) == loaded


@pytest.mark.parametrize("gadget", GADGETS)
def test_the_type_of_an_envelope_is_not_looked_at(gadget: str) -> None:
    text = json.dumps(
        {"$type": gadget, "TaskMessage": {"$type": gadget, "Event": {"$type": gadget}}}
    )

    with pytest.raises(BadMessage):
        decode(text)


@given(st.text(max_size=200) | st.integers() | st.lists(st.text(), max_size=3) | st.none())
def test_only_types_of_the_table_are_events(name: object) -> None:
    with pytest.raises(BadMessage):
        read_event({"$type": name})
