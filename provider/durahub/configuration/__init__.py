"""What a server is told: one TOML file, the environment, the command line, and host.json."""
