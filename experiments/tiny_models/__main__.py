"""`python -m experiments.tiny_models NAME`: train one of the four tiny models."""

from __future__ import annotations

from experiments.tiny_models.run import main

main()
