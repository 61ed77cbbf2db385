"""The assessment of a hub: can it move, how, at what effort and cost; what stops it.

A collector takes notes while a hub is linted (`collector`), `making` makes one value of the notes and the
findings, `writing` writes that as HTML, Markdown or JSON.
"""
