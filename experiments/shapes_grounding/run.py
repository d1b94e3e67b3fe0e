"""Questions about shapes videos -> the seconds that hold the evidence, beside what never looks.

python -m experiments.shapes_grounding.run --out experiments/shapes_grounding/result.json
"""

from __future__ import annotations

from functools import partial

from experiments.measurement import write_measured
from svqa.evaluation.shapes_grounding import SEED, run_shapes_grounding
from svqa.models.zoo import load_set


def main() -> None:
    """The command line of this module."""
    models = load_set("shapes")
    write_measured(
        partial(run_shapes_grounding, models.encoder, models.detector), about=__doc__, seed=SEED
    )


if __name__ == "__main__":
    main()
