"""Question files -> fine-tuned models: versions that can be trusted, compared, merged and rolled
back.
"""
