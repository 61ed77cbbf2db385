"""What every call should need, written a second time and without the product: the judge of the matrix.

What is named in none of these sets changes something, and only the contributor may call it.
"""

SIDECAR = "/TaskHubSidecarService/"
BACKEND = "/durabletask.protos.backend.v1.BackendService/"
WORK_HISTORY = "/StreamInstanceHistory#work"

ANYBODY = {f"{SIDECAR}Hello", f"{BACKEND}Ping", f"{BACKEND}GetMetrics", "scheduler GET /ping"}


def may(role: str, call: str) -> bool:
    """Tell whether *role* is enough for *call*."""
    if role == "contributor" or call in ANYBODY:
        return True
    if role == "worker":
        return works(call)
    assert role == "reader"
    return reads(call)


def works(call: str) -> bool:
    name = call.rpartition("/")[2]
    return call.startswith("/") and (
        name.startswith(("GetWorkItems", "Complete", "Abandon", "Release"))
        or name in ("GetOrchestrationRuntimeState", "BeginWorkerDrain")
        or call.endswith(WORK_HISTORY)
    )


def reads(call: str) -> bool:
    if not call.startswith("/"):
        _, method, path = call.split()
        return method == "GET" or (method == "POST" and path.endswith("/query"))
    name = call.rpartition("/")[2]
    looks = ("GetInstance", "GetEntity", "Query", "WaitFor", "List", "StreamInstanceHistory")
    return name.startswith(looks) and not call.endswith(WORK_HISTORY)
