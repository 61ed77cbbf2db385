-- The orchestration that started a child; null for those that a client started.
ALTER TABLE instances ADD COLUMN parent TEXT;

CREATE INDEX instances_by_end ON instances (hub, completed, id) WHERE completed IS NOT NULL;
