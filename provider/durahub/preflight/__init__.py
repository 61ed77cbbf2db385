"""Whether a server will be able to do what its settings say: looked at before it is started.

Each look is a `durahub.preflight.checked.Checked`; nothing is changed but for a queue, a table and a
container of our own, which are made, used and deleted.
"""
