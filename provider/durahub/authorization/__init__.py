"""Who may call what on which task hub: roles as the Durable Task Scheduler has them, and who holds them.

`requirements` is the one table of what every call needs, `principals` who a caller is and what is granted
to it, `gate` the check that every call passes. What decides are functions of values; `gate` and the
modules that fetch and watch are the thin drivers around it.
"""
