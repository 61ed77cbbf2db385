"""The options of commands that read a hub whose tables may be elsewhere."""

import click

tracking_prefix_option = click.option(
    "--tracking-prefix",
    metavar="NAME",
    help="The hub's tables are NAMEInstances and NAMEHistory (TrackingStoreNamePrefix of .NET). "
    "Without it they are looked for.",
)
tracking_store_option = click.option(
    "--tracking-store",
    metavar="STORE",
    help="The storage account of the hub's tables and blobs, where that is another than its queues'.",
)
