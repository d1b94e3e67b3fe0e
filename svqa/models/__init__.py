"""Frames, sound, text -> words, boxes, vectors. Nothing heavy is imported before a model is asked
for.
"""
