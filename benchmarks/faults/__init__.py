"""The long forms of what `tests/faults` shows: many mutants, many kills. Run from a checkout."""
