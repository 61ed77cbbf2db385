"""Ways to an endpoint that need no replay: started anew by a client, rewound, or written.

``marks``       the tags by which an instance tells whose it is
``standing``    how an instance stands: what is kept of its history, what is open, what is on its way; pure
``starting``    the start of an instance, and whether one that is there is ours
``recreating``  b1: a client starts it, raises its events again
``rewinding``   b3: the history is handed over by a rewind
``writing``     b4: the history is written through BackendService
``mover``       the phases of a move by one of these
"""
