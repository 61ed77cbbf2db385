-- Whoever follows a hub asks for the rows with a higher number than the last it knows.
CREATE INDEX instances_by_change ON instances (hub, etag);
