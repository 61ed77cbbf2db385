"""The toolkit: lint, bundle, migration, retention, monitor. It knows the server; the server does not know it."""
