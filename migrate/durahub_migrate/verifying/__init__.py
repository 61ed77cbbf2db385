"""``durahub verify``: two places compared, instance by instance; and ``durahub resync``.

::

    sides       any place as a stream of messages and instances
    open_work   what an instance waits for, and what is on its way to it
    prints      digests of one instance; sketches, where the digests differ
    spool       what was read of both sides, in a temporary file
    judging     what two sides of an instance are to each other
    differing   where two sketches differ
    comparing   what was read of an ID on both sides makes its verdict
    wanted      what a comparison is to look at
    verifying   leads both sides through it
    verdicts    the results; report, the results as JSON

Nothing here asks the journal of a move or the code that has moved: what stands there is told by what stands
there alone.
"""
