"""Decides what an episode changes: history + new messages + actions → `Commit`. Pure: no clock, no I/O."""
