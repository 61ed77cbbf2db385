"""Whole servers in virtual time: hubs, a store, workers, clients and their networks, all from one seed.

``plan`` makes of a seed what happens; ``world`` lets it happen over a ``storage``; ``judging`` says what
must not have happened. A storage is one class (``sqlite``, and that of the storage account) behind one
``gate``, at which every call to it may fail, be late, or be the last that its server makes.
"""
