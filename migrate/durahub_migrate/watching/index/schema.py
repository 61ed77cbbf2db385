"""The tables of the index.

``seen`` is apart from ``rows``: every sweep touches it for every row, and a row that did not change is not
written again. ``texts`` is apart too: a search for words reads this narrow table from end to end. An index of
trigrams (FTS5) would answer it without that, but costs 25 to 40 times as much when a row is put and three
times the space of the texts, and a whole reading of 200,000 of them is about 30 ms of CPU.

``totals`` counts rows by what lists are filtered by most; it tells counts at once, and the reader which way
to a page is short. In its ``name`` nothing stands for no name, else ``=`` and the name.

``partitions`` are the same by partition, with the bytes that are known: which are hot is asked often.

Every index begins with the hub and ends with the ID, so that a page goes on where the one before it ended.
``lasted`` is how long a row took that has ended; the others are sorted by when they were created. What few
rows have is in an index of these alone.
"""

from durahub_migrate.monitor.row import ENDED

VERSION = 2
APPLICATION = 0x64754978  # "duIx"

ENDED_STATUSES = tuple(sorted(ENDED))

TABLES = f"""
CREATE TABLE hubs (
    number INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE,
    sweep INTEGER NOT NULL DEFAULT 0, under_way INTEGER NOT NULL DEFAULT 0,
    position TEXT, begun INTEGER, mark TEXT, seen INTEGER NOT NULL DEFAULT 0,
    complete INTEGER, last_count INTEGER, changes TEXT
);
CREATE TABLE rows (
    number INTEGER PRIMARY KEY, hub INTEGER NOT NULL, id TEXT NOT NULL, kind TEXT NOT NULL,
    execution TEXT, name TEXT, folded TEXT, version TEXT, status TEXT NOT NULL,
    created INTEGER, updated INTEGER, completed INTEGER, scheduled INTEGER,
    parent TEXT, generation INTEGER, partition INTEGER, size INTEGER, key TEXT, locked_by TEXT,
    tags TEXT, custom TEXT, output TEXT, input TEXT,
    lasted INTEGER GENERATED ALWAYS AS (
        CASE WHEN status IN {ENDED_STATUSES} THEN ifnull(completed, updated) - created END
    ) VIRTUAL
);
CREATE UNIQUE INDEX rows_by_id ON rows (hub, id);
CREATE INDEX rows_by_created ON rows (hub, created, id);
CREATE INDEX rows_by_updated ON rows (hub, updated, id);
CREATE INDEX rows_by_completed ON rows (hub, completed, id);
CREATE INDEX rows_by_status ON rows (hub, status, created, id);
CREATE INDEX rows_by_name ON rows (hub, folded, created, id);
CREATE INDEX rows_by_status_id ON rows (hub, status, id);
CREATE INDEX rows_by_name_id ON rows (hub, folded, id);
CREATE INDEX rows_by_lasted ON rows (hub, lasted, id);
CREATE INDEX rows_by_scheduled ON rows (hub, scheduled, id) WHERE scheduled IS NOT NULL;
CREATE INDEX rows_by_size ON rows (hub, size, id) WHERE size IS NOT NULL;
CREATE INDEX rows_by_parent ON rows (hub, parent, id) WHERE parent IS NOT NULL;
CREATE TABLE seen (row INTEGER PRIMARY KEY, sweep INTEGER NOT NULL, at INTEGER);
CREATE TABLE texts (row INTEGER PRIMARY KEY, haystack TEXT NOT NULL);
CREATE TABLE totals (
    hub INTEGER NOT NULL, kind TEXT NOT NULL, status TEXT NOT NULL, name TEXT NOT NULL,
    n INTEGER NOT NULL, PRIMARY KEY (hub, kind, status, name)
) WITHOUT ROWID;
CREATE TABLE partitions (
    hub INTEGER NOT NULL, partition INTEGER NOT NULL, status TEXT NOT NULL,
    n INTEGER NOT NULL, size INTEGER NOT NULL, PRIMARY KEY (hub, partition, status)
) WITHOUT ROWID;
"""
