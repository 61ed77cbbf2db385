-- Some of many are found without a look at the others: those that run, or have failed, among those that ended.
CREATE INDEX instances_by_status ON instances (hub, entity, status, created, id);

DROP INDEX instances_by_end;

CREATE INDEX instances_by_end ON instances (hub, status, completed, id) WHERE completed IS NOT NULL;
