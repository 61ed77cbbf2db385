"""A storage account in virtual time: tables, queues, blobs and leases, and what goes wrong with them.

It answers HTTP below the product's transport (``session``), so that all of the product is real, and the
SDKs' clients with their retries too. `test_as_storage` holds it to what Azurite answers.
"""
