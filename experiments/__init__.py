"""One folder a study: a question, its command, its result. Not installed; run from a checkout."""
