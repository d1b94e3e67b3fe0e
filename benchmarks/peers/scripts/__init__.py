"""What is timed: a script a job, run in the peer's environment; none imports another."""
