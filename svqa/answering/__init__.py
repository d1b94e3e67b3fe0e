"""Question and evidence -> an answer, or an abstention that says why."""
