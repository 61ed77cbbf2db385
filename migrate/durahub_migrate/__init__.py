"""The toolkit: lint, bundle, migration, retention, monitor. It knows the server, not the other way round."""
