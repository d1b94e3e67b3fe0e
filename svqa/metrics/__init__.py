"""How good: pure functions on values, each with n and an interval."""
