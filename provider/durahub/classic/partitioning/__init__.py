"""How workers share a hub's partitions: three managers, as DurableTask.AzureStorage has them."""
