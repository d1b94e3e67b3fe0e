"""Ids of cases -> their rows: each suite is set up, measured and cleaned up in turn."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from benchmarks.cases import SUITES
from benchmarks.harness import Case, measure, row_of
from svqa.errors import UsageError, unknown_name
from svqa.profiling.provenance import package_versions, this_machine

# what is measured against
PACKAGES = (
    "torch",
    "numpy",
    "av",
    "decord",
    "opencv-python",
    "sqlalchemy",
    "transformers",
    "ctranslate2",
)


def run_benchmarks(
    *, only: Sequence[str] | None = None, pairs: int = 7, say: Callable[[str], None] = print
) -> dict:
    """Run the cases and -> `{"hardware", "versions", "rows": [...]}`. `only`: ids such as `P1`;
    raises UsageError on others.

    A case whose tools are not installed is listed under `skipped` with the reason.
    """
    known = {case_id for ids in SUITES for case_id in ids}
    for name in only or ():
        if name not in known:
            raise UsageError(unknown_name("benchmark", name, known))
    rows, skipped = [], []
    for ids, suite in SUITES.items():
        wanted = [i for i in ids if not only or i in only]
        if not wanted:
            continue
        try:
            with suite(wanted) as cases:
                for case in cases:
                    row = measure(case, pairs=pairs) if isinstance(case, Case) else row_of(case)
                    say(
                        f"{row['id']:<5} {row['what']}: {row['ratio']['value']:.3g} (aim "
                        f"{row['aim']})"
                    )
                    rows.append(row)
        except ImportError as error:
            skipped.append({"ids": wanted, "reason": str(error)})
            say(f"{', '.join(wanted)}: skipped, {error}")
    return {
        "hardware": this_machine(),
        "versions": package_versions(PACKAGES),
        "pairs": pairs,
        "rows": rows,
        "skipped": skipped,
    }
