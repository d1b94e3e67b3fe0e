"""How good, how fast, which is better: pure metrics, each with n, an interval and its baselines."""
