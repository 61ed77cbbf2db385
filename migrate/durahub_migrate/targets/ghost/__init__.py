"""Ghost replay: a worker answers with what is recorded, until an instance stands where it stood.

An orchestration is nothing but its history, and a worker's answers make the history. So the migration
takes the place of the app's worker: it starts the instance, answers each turn with the recorded actions, and
each activity with the recorded result. No code of the user runs. At the end it leaves, and the
app's own worker replays the history as if it had always been there.

``signs``          what an event is in a history, whoever wrote it: the key by which histories are compared
``recorded``       a recorded history in the protocol's events, with the numbers that the app's SDK gives
``script``         what the target must be told, and when; pure
``progress``       how far the target's history is; what to answer and what to feed next; pure
``actions``        the actions that make a recorded event
``guids``          the GUIDs that SDKs make up, for the clock of the target
``members``        the instances of a tree, what is on its way to them, and how each is left
``names``          the names of all that is moved, for the filters of the work items
``worker``         the streams of work items, each handed to whoever replays its instance
``arrivals``       the work items of one instance, as they come
``entities``       entities: seeded states, recorded answers
``replay``         one instance while it is replayed
``family``         the members of a tree to each other; pure
``coupling``       events that members have sent each other; pure
``exchange``       who waits for which of these
``outgoing``       recorded outputs as actions, with the GUIDs that the app will give
``activities``     recorded results of activities
``answering``      turns, answered with what is recorded
``feeding``        the next recorded input
``tree``           one tree, replayed
``backlog``        what waits for an entity
``courier``        sends signals, each once
``delayed``        signals that a replay sends again by itself
``removing``       taking back
``tree_phases``    the phases of a tree
``entity_phases``  the phases of an entity, and signals that begin one
``mover``          what the job moves its units with
"""
