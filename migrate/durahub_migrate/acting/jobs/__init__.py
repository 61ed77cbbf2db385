"""Jobs: one action on all instances that a query finds, counted before, resumable, with a report.

Theory of operation. A job's instances are fixed when it is counted, and kept in a SQLite file that is on the
disk whenever a commit returns. Before an action is sent its instance is marked ``tried``, behind it with what
became of it. So whatever was being done when a process died is known, and it is one instance: an action that
may be repeated (a purge finds nothing the second time) is repeated; of one that may not (an event that is
raised twice is two events) nobody knows whether it was done, and it is reported so and left alone.
"""
