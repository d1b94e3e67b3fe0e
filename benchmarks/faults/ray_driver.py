"""A database's URL, a cluster's address, films -> taken in there; exit 0 once all are ready.

What `ray_kills` starts, kills and starts again.
"""

from __future__ import annotations

import sys

from benchmarks.faults.thumbnails import cheap_models
from svqa.database import open_store
from svqa.pipeline import Library
from svqa.settings import Settings

# several chunks a film, so that a kill falls between two of them
SHORT = {"scene_s": 1.0, "segment_s": 1.0, "every_s": 0.25, "speech": False, "text": False}


def library(url: str) -> Library:
    """-> a library with models that cost nothing."""
    settings = Settings(database=url, **SHORT)
    return Library(open_store(url), cheap_models(), settings)


def main(url: str, address: str, *films: str) -> int:
    """Take the films in; -> 0 where each is ready, or was."""
    with library(url) as here:
        reports = here.ingest(*films, engine="ray", address=address or None, jobs=None)
    for report in reports:
        print(report.status, report.path, report.note, flush=True)
    return int(any(report.status not in ("ready", "already") for report in reports))


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
