"""What people would take instead, beside svqa: the same work on the same film, timed in turn."""
