"""Makes an input smaller as long as it still shows the same: pieces are left out, then bytes made plain."""

from collections.abc import Callable

MOST_TRIES = 3_000


def minimised(data: bytes, shows: Callable[[bytes], bool], most: int = MOST_TRIES) -> bytes:
    """Return a smallest input found for which *shows* is true, as it is for *data*."""
    left = most
    size = max(1, len(data) // 2)
    while size >= 1 and left > 0:
        at, shrunk = 0, False
        while at < len(data) and left > 0:
            smaller = data[:at] + data[at + size :]
            left -= 1
            if shows(smaller):
                data, shrunk = smaller, True
            else:
                at += size
        if not shrunk or size > 1:
            if size == 1:
                break
            size //= 2
    for at in range(len(data)):
        if left <= 0:
            break
        if data[at : at + 1] not in b'0a"{[':
            left -= 1
            plain = data[:at] + b"0" + data[at + 1 :]
            data = plain if shows(plain) else data
    return data
