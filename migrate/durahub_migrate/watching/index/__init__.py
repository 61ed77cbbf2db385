"""The local index: a SQLite file with a row for every instance of every hub that is watched.

It answers lists, counts and searches without any request to storage. It is disposable: a file of another
version, or one that is damaged, is thrown away and filled again by the next sweeps.
"""

from durahub_migrate.watching.index.local import LocalHubIndex, LocalIndex, LocalIndexes

__all__ = ["LocalHubIndex", "LocalIndex", "LocalIndexes"]
