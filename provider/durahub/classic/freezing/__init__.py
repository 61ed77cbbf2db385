"""Freezes a hub in Azure Storage: nobody else can hold a partition of it, and nobody was found to write."""
