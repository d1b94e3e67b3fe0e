"""How long and how much memory: what this process did."""
