"""Formats: each writes the same value, `Results`, piece by piece."""
