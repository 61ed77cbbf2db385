-- A hub into which a job moves instances. Until it is handed over no server serves it.
CREATE TABLE moves (
    hub INTEGER PRIMARY KEY REFERENCES hubs (id),
    job TEXT NOT NULL,
    begun INTEGER NOT NULL,
    handed_over INTEGER,
    made_hub INTEGER NOT NULL
);

-- What jobs have put there, to be told from what was there before. etag: of the instance's row as it was put;
-- messages, activities: JSON lists of their numbers.
CREATE TABLE moved (
    hub INTEGER NOT NULL REFERENCES hubs (id),
    job TEXT NOT NULL,
    unit TEXT NOT NULL,
    instance TEXT NOT NULL,
    etag INTEGER,
    messages TEXT NOT NULL,
    activities TEXT NOT NULL,
    PRIMARY KEY (hub, job, unit, instance)
) WITHOUT ROWID;
