"""What is timed: a script a job, run in the peer's environment, and what several of them share."""
