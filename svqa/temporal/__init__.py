"""Vectors -> vectors that know time (numpy only)."""
