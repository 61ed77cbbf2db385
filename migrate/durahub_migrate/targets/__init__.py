"""What hubs are moved to: a `durahub_migrate.moving.mover.Mover` for each kind of target."""
