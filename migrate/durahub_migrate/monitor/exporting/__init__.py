"""Lists of instances as files for other programs: CSV, JSON lines and Parquet, as a stream.

Rows are taken as they are needed, `columns.AT_ONCE` at a time at most, and what was written of them is handed
on at once: a list of any length takes the same memory.
"""
