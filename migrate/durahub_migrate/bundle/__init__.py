"""Hub bundles: a task hub in a folder of files, for good or on its way; format in ``docs/bundle.md``.

::

    records     instances, entities and messages as protobuf records, and back; nothing is lost
    canonical   what the digests are made of
    spool       what was read, until all of it is there: then it is sorted
    segments    records in compressed files
    writer      puts the members together; the manifest comes last
    reader      checks each member before it gives anything of it
"""
