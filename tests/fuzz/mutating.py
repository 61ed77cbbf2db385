"""Changes inputs at random: where no coverage guides, and for the short run within the tests."""

import random
from collections.abc import Sequence

ODD = (0, 1, 7, 9, 10, 13, 31, 32, 34, 44, 58, 91, 92, 93, 123, 125, 127, 128, 0xC0, 0xED, 0xFF)


def mutated(
    chance: random.Random, corpus: Sequence[bytes], words: Sequence[bytes], most: int
) -> bytes:
    """Return one of *corpus* with one to six changes, at most *most* bytes."""
    data = bytearray(chance.choice(corpus) if corpus else b"")
    for _ in range(1 + int(chance.expovariate(0.7)) % 6):
        _change(chance, data, corpus, words)
    return bytes(data[:most])


def _change(
    chance: random.Random, data: bytearray, corpus: Sequence[bytes], words: Sequence[bytes]
) -> None:
    at = chance.randint(0, len(data))
    end = min(len(data), at + int(chance.expovariate(0.1)))
    match chance.randrange(9):
        case 0 if at < len(data):
            data[at] ^= 1 << chance.randrange(8)
        case 1 if at < len(data):
            data[at] = chance.choice(ODD)
        case 2:
            del data[at:end]
        case 3:
            data[at:at] = data[at:end] * chance.choice((1, 2, 50))
        case 4 | 5 if words:
            data[at : end if chance.random() < 0.5 else at] = chance.choice(words)
        case 6 if corpus:
            other = chance.choice(corpus)
            begin = chance.randint(0, len(other))
            data[at:end] = other[begin : begin + int(chance.expovariate(0.05))]
        case 7:
            del data[at:]
        case _:
            data[at:at] = bytes(chance.choices(range(256), k=chance.randint(1, 4)))
