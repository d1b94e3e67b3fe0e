"""Studies: each a folder with its command (`run.py`), its result and a README. Not installed with
svqa.
"""
