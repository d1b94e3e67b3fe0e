"""How fast: two ways to do one job, timed in turn. Not installed; run `python -m benchmarks`."""
