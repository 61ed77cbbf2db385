"""Acts on instances, entities and hubs: one command at a time, or batch jobs with a journal."""
