"""What runs on one machine: Azurite as local storage, and the server in a process of its own."""
