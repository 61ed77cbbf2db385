"""What answers to each route of the API."""
