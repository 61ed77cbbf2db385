"""A task hub in Azure Storage, exactly as DurableTask.AzureStorage lays it out."""
