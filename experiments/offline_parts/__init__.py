"""The parts of the offline set that look, read and hear, each measured alone on real clips."""
