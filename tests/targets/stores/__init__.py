"""Moves into stores of ours: a file, a classic hub."""
