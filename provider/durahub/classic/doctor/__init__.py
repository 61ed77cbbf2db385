"""``durahub hub doctor``: a hub's invariants checked, and repaired where that is safe.

`snapshot` says what is looked at, as values; `rules` are functions of these that yield `findings`; a finding
may carry a repair, a value of `repairs`. `reading` reads storage, `examination` leads the rules over it in
pages and looks twice at whatever is suspicious, `repairing` does the repairs. Nothing but the last writes.
"""
