"""Who runs what, where and when: sessions, work-item streams, completion tokens, timers, waits."""
