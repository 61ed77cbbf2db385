-- Numbers that are never used twice in a file: of messages, histories and versions. See numbers.py.
CREATE TABLE numbers (next INTEGER NOT NULL);

INSERT INTO numbers VALUES (1);

CREATE TABLE hubs (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE COLLATE NOCASE,
    created INTEGER NOT NULL
);

-- Times are ticks of 100 ns since the year 1. Payloads stand last: whoever does not ask for them reads none.
CREATE TABLE instances (
    hub INTEGER NOT NULL REFERENCES hubs (id),
    id TEXT NOT NULL,
    entity INTEGER NOT NULL,
    etag INTEGER NOT NULL,
    execution TEXT,
    name TEXT,
    version TEXT,
    status INTEGER NOT NULL DEFAULT 0,
    created INTEGER NOT NULL DEFAULT 0,
    last_updated INTEGER NOT NULL,
    completed INTEGER,
    scheduled_start INTEGER,
    generation INTEGER,
    tags TEXT,
    custom_status TEXT,
    input TEXT,
    output TEXT,
    PRIMARY KEY (hub, id)
);

CREATE INDEX instances_by_age ON instances (hub, entity, created, id);

-- The current history of an instance; its revision is new with every checkpoint.
CREATE TABLE histories (
    number INTEGER PRIMARY KEY,
    hub INTEGER NOT NULL REFERENCES hubs (id),
    instance TEXT NOT NULL,
    execution TEXT NOT NULL,
    length INTEGER NOT NULL,
    revision INTEGER NOT NULL,
    UNIQUE (hub, instance)
);

-- event: a protobuf HistoryEvent; extra: a JSON object of what that cannot hold, mostly null.
CREATE TABLE events (
    history INTEGER NOT NULL,
    position INTEGER NOT NULL,
    event BLOB NOT NULL,
    extra TEXT,
    PRIMARY KEY (history, position)
) WITHOUT ROWID;

-- Messages to instances. due is null for what may be delivered at once; timers are messages with a time.
CREATE TABLE inbox (
    seq INTEGER PRIMARY KEY,
    hub INTEGER NOT NULL REFERENCES hubs (id),
    due INTEGER,
    deliveries INTEGER NOT NULL,
    instance TEXT NOT NULL,
    execution TEXT,
    sender TEXT,
    sender_execution TEXT,
    episode INTEGER,
    tags TEXT,
    event BLOB NOT NULL,
    extra TEXT
);

CREATE INDEX inbox_ready ON inbox (hub, seq) WHERE due IS NULL;

CREATE INDEX inbox_timed ON inbox (hub, due, seq) WHERE due IS NOT NULL;

-- Activities on their way to a worker.
CREATE TABLE tasks (
    seq INTEGER PRIMARY KEY,
    hub INTEGER NOT NULL REFERENCES hubs (id),
    due INTEGER,
    deliveries INTEGER NOT NULL,
    instance TEXT NOT NULL,
    execution TEXT,
    sender TEXT,
    sender_execution TEXT,
    episode INTEGER,
    tags TEXT,
    event BLOB NOT NULL,
    extra TEXT
);

CREATE INDEX tasks_ready ON tasks (hub, seq) WHERE due IS NULL;

CREATE INDEX tasks_timed ON tasks (hub, due, seq) WHERE due IS NOT NULL;

-- What could not be read; it is still where it was found.
CREATE TABLE set_aside (
    hub INTEGER NOT NULL REFERENCES hubs (id),
    location TEXT NOT NULL,
    error TEXT NOT NULL,
    first_seen INTEGER NOT NULL,
    head TEXT NOT NULL,
    PRIMARY KEY (hub, location)
) WITHOUT ROWID;
