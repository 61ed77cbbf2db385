"""The toolkit's commands; ``durahub`` finds them by entry points."""

SUMMARIES = {
    "apply": "Carry out the plan of a move; what was interrupted goes on.",
    "batch": "Act on all instances that a query finds, as a job that can be resumed.",
    "bundle": "Check a hub bundle, or write views of it for other readers.",
    "entity": "Look at entities, signal them, clean up.",
    "export": "Export a hub into a folder, to keep it or to check it elsewhere.",
    "hub blobs": "List large payloads that nothing names any more, or delete them.",
    "hub delete": "Delete a task hub with every instance, message and payload in it.",
    "hub messages": "Look at the messages of a queue, without taking any.",
    "hub partitions": "Show queues, leases, owners and workers of a hub.",
    "hub storage": "Tell what a hub takes in storage.",
    "hub stuck": "List instances that do not move though they should, with the reason.",
    "instance": "Find instances, see why they wait, start them and act on them.",
    "job": "Look at moves that are applied, steer them, hand over, take back.",
    "lint": "Check hubs, apps and templates: what breaks on DTS, or today.",
    "monitor": "Watch hubs in a browser: what runs, why it waits; act if allowed.",
    "plan": "Decide how each tree of a hub is moved, and what that loses.",
    "rehearse": "Replay a bundle's histories with your Python app, without effects.",
    "resync": "Move once more what verify has found to differ.",
    "verify": "Compare two hubs or bundles, instance by instance.",
}
"""What ``durahub --help`` and ``durahub hub --help`` say of them: to list them takes no import of more."""
