"""``BackendService``: what a worker speaks that computes its histories by itself, as DTFx does."""
