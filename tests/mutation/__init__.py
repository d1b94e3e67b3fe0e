"""Mutants of the folders that hold the formulas -> which of them the tests catch, by one command.

`python -m tests.mutation --sample 100` changes one place of the code at a time, as cosmic-ray does
(another operator, another number, a loop that does not run ...), and runs the tests that reach it.
"""
