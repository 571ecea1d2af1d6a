"""The hot paths in Python, for where there is no compiled twin; `ottla.records.implementation` chooses."""
