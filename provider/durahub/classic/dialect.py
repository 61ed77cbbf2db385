"""Which writer of the layout is imitated: what each version of the .NET provider adds and leaves out."""

from dataclasses import dataclass, replace

CORELIB_DICTIONARY = (
    "System.Collections.Generic.Dictionary`2"
    "[[System.String, System.Private.CoreLib],[System.String, System.Private.CoreLib]]"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """What is written. Reading takes every dialect.

    ``dictionary_type`` is the ``$type`` of tag dictionaries in messages. We leave it out: readers do not
    need it, and a worker on .NET Framework cannot resolve the name that .NET writes.
    """

    base64_queue_text: bool = False
    null_columns: bool = True  # null object columns of History are the text "null"
    generate_new_trace: bool = True  # Core 3.9
    failure_properties: bool = True  # Core 3.5
    task_tags: bool = True  # on TaskScheduled (Core 3.2) and children (Core 3.7)
    dictionary_type: str | None = None


DTFX_2_9 = Dialect()
"""DurableTask.AzureStorage 2.9.1 with Core 3.9: the default."""

DTFX_2_9_BASE64 = replace(DTFX_2_9, base64_queue_text=True)
"""The same with Base64 queue text, for hubs that workers older than 1.17.4 share."""

DTFX_1_17 = Dialect(
    base64_queue_text=True,
    null_columns=False,
    generate_new_trace=False,
    failure_properties=False,
    task_tags=False,
)
"""DurableTask.AzureStorage 1.17.5 with Core 2.17.1."""
