"""How workers share the partitions of a hub: three partition managers, as DurableTask.AzureStorage has them."""
