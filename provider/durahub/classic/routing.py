"""Which control queue an instance belongs to: FNV-1a of its raw ID.

Source: DurableTask.AzureStorage, ``Fnv1aHashHelper.cs``; classic layout 4.
"""

_BASIS = 2166136261
_PRIME = 16777619


def fnv1a(text: str) -> int:
    """Return the 32-bit FNV-1a hash of *text* in UTF-8; half a surrogate pair counts as U+FFFD."""
    value = _BASIS
    clean = "".join("\ufffd" if "\ud800" <= c <= "\udfff" else c for c in text)
    for byte in clean.encode("utf-8"):
        value = ((value ^ byte) * _PRIME) & 0xFFFFFFFF
    return value


def control_index(instance_id: str, partitions: int) -> int:
    """Return the partition of *instance_id*, of *partitions*; case counts, nothing is normalised."""
    return fnv1a(instance_id) % partitions
