"""``durahub bundle``: what can be done with a hub bundle by itself."""

from pathlib import Path

import click

from durahub.cli.opening import run
from durahub.cli.output import format_option, print_facts, print_json, say
from durahub_migrate.bundle.archive import opened_bundle
from durahub_migrate.bundle.manifest import Manifest
from durahub_migrate.bundle.reader import BundleReader
from durahub_migrate.cli.view_options import NAMES, View, say_viewed
from durahub_migrate.views.writing import write

BUNDLE = click.argument("bundle", type=click.Path(path_type=Path))


@click.group()
def bundle() -> None:
    """Check a hub bundle, or write views of it. BUNDLE is its folder or its .tar.

    \b
    durahub bundle check orders.hub
    durahub bundle view orders.hub histories --as dotnet
    """  # noqa: D301 (click's mark for lines that stay as they are)


@bundle.command()
@BUNDLE
@format_option
def check(bundle: Path, output: str) -> None:
    """Read all of BUNDLE and check it against its digests.

    Exit status: 0 it is as it was written, 4 it is not, and the file is named.
    """

    async def checking() -> int:
        with opened_bundle(bundle) as folder:
            reader = BundleReader(folder)
            reader.verify()
            _print(reader.manifest, bundle, output)
        return 0

    raise SystemExit(run(checking()))


@bundle.command()
@BUNDLE
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--as", "shape", type=NAMES, required=True, help="The shape of the view.")
def view(bundle: Path, folder: Path, shape: str) -> None:
    """Write a view of BUNDLE into the new FOLDER, for readers of other formats.

    dotnet and python are the histories as the ExportHistory of .NET, JavaScript and Java and that of Python
    writes them: a file for each instance; parquet is two tables, of instances and of events. What has not
    ended is in FOLDER/open, entities too.

    Exit status: 0 all is in it, 1 instances are left out that the shape cannot hold, 2 wrong usage, 4 the
    bundle or the folder cannot be used.
    """

    async def viewing() -> int:
        with opened_bundle(bundle) as opened:
            done = write(opened, View(shape), folder)
        say_viewed({View(shape): done})
        return 1 if done.left_out else 0

    raise SystemExit(run(viewing()))


def _print(manifest: Manifest, path: Path, output: str) -> None:
    counts = manifest.counts
    facts: dict[str, object] = {
        "bundle": str(path),
        "bundleId": manifest.bundle_id,
        "root": manifest.root,
        "frozen": manifest.frozen,
        "instances": sum(counts.instances.values()),
        "entities": sum(counts.entities.values()),
        "messages": counts.inflight.get("queue", 0),
        "rejects": sum(counts.rejects.values()),
        "payloads": counts.payloads,
    }
    if output == "json":
        print_json(facts)
    else:
        print_facts(facts)
        say("everything is as it was written")
