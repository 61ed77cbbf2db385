"""Benchmarks that cannot flatter.

Results are checked, requests are counted from outside, and beside every figure stands what a worker
does behind a backend that does nothing.

``python -m benchmarks --help`` tells what there is.
"""
