"""What rules look at, as values; the same for every source."""
