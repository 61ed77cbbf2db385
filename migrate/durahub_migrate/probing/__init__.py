"""Tries out what a target can do, on instances of its own that are removed again."""
