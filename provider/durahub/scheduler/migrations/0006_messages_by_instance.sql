-- What is purged or ended from outside takes along what was on its way to it.
CREATE INDEX inbox_by_instance ON inbox (hub, instance);
