"""The linter: facts about hubs, apps and templates; rules that are functions of them; findings.

::

    sources   read: a live hub, a bundle, a SQLite file, a folder      -> facts
    facts     what was read, as values; the same for every source
    rules     one file each: pure functions of facts                   -> findings
    judging   leads the rules over the facts
    reporting writes findings: text, JSON, SARIF, JUnit, a report
"""
