"""A database's URL, a cluster's address, films -> taken in there, a line of JSON a film.

What `ray_kills` starts, kills and starts again. Exit 0 where every film is ready or was refused
because its processes died of it.
"""

from __future__ import annotations

import json
import sys

from benchmarks.faults.ray_models import ray_models
from svqa.database import open_store
from svqa.pipeline import Library
from svqa.settings import Settings

REPORT = "report "  # begins a line of a report, among what libraries print
# several chunks a film, so that a kill falls between two of them
SHORT = {"scene_s": 1.0, "segment_s": 1.0, "every_s": 0.25, "speech": False, "text": False}


def library(url: str) -> Library:
    """-> a library with models that cost nothing."""
    settings = Settings(database=url, **SHORT)
    return Library(open_store(url), ray_models(), settings)


def main(url: str, address: str, *films: str) -> int:
    """Take the films in; -> 0 where nothing is left to be tried again."""
    with library(url) as here:
        reports = here.ingest(*films, engine="ray", address=address or None, jobs=None)
    for report in reports:
        print(REPORT + json.dumps([report.path, report.status, report.note]), flush=True)
    ended = ("ready", "already")
    return int(any(r.status not in ended and "IngestCrashed" not in r.note for r in reports))


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
