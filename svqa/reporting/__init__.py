"""Notebooks and results -> pages a person opens: the last station on the line."""
