"""`python -m tests.mutation`: mutants of metrics, temporal, retrieval and training -> a score.

What was run is kept in `.mutation`, so that the same command goes on where it was stopped, and a
mutant is run again when one of the tests that reach it has changed.
"""

from __future__ import annotations

import argparse
import functools
import hashlib
import json
import subprocess
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from tests.mutation.forks import TOO_LONG, in_fork, load_heavy, put_in_place
from tests.mutation.mutants import FOLDERS, REPOSITORY, Mutant, sample
from tests.mutation.reached import OPTIONS, Reached

HOME = REPOSITORY / ".mutation"
RESULT = Path(__file__).with_name("result.json")


def main() -> None:
    """Run what was not run yet; write the score when all was."""
    options = _options()
    load_heavy()
    reached = Reached.load(HOME / "reached.json")
    known = _known()
    folders: dict[str, Any] = {}
    for folder in options.folders:
        mutants, places = sample(folder, options.sample, options.seed)
        found = []
        for i, mutant in enumerate(mutants, start=1):
            outcome = _outcome(mutant, reached, known)
            found.append({**asdict(mutant), "outcome": outcome})
            print(f"{folder} {i}/{len(mutants)} {outcome}: {mutant.key}", flush=True)
        folders[folder] = {"places": places, "mutants": found}
    if not options.dry:
        _write(options, folders)


def _outcome(mutant: Mutant, reached: Reached, known: dict[str, str]) -> str:
    """`killed`, `too long` (killed, too), `survived`, `unreached` by any test, or `not run`.

    Killed is what pytest says of tests that failed or could not be collected, and a process that a
    signal ended. Any other end says something of pytest, and nothing of the tests.
    """
    tests = reached.of(mutant.path, mutant.line)
    if not tests:
        return "unreached"
    code = mutant.code()
    name = hashlib.sha256(f"{mutant.path}\n{code}".encode()).hexdigest()
    key = f"{name} {_fingerprint(tests)}"
    if key in known:
        return known[key]

    def work() -> int:
        put_in_place(mutant.path, code)
        return int(pytest.main([*OPTIONS, "-x", *tests]))

    seconds = sum(reached.seconds[t] for t in tests)
    exit_code = in_fork(work, 30 + 3 * seconds)
    outcome = known[key] = what_it_says(exit_code)
    with (HOME / "outcomes.jsonl").open("a", encoding="utf-8") as out:
        out.write(json.dumps([key, outcome]) + "\n")
    return outcome


def what_it_says(exit_code: int) -> str:
    """-> the outcome of a mutant's tests. Below 0 is minus the number of a signal."""
    if exit_code == TOO_LONG:
        return "too long"
    if exit_code < 0 or exit_code in (pytest.ExitCode.TESTS_FAILED, pytest.ExitCode.INTERRUPTED):
        return "killed"
    return "survived" if exit_code == pytest.ExitCode.OK else "not run"


def _fingerprint(tests: list[str]) -> str:
    """Of the files of the tests: another one, and what survived them may not any more."""
    found = hashlib.sha256()
    for file in sorted({t.partition("::")[0] for t in tests}):
        found.update((REPOSITORY / file).read_bytes())
    return found.hexdigest()


def _known() -> dict[str, str]:
    path = HOME / "outcomes.jsonl"
    lines = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
    return dict(json.loads(line) for line in lines)


def _write(options: argparse.Namespace, folders: dict[str, Any]) -> None:
    rows = {}
    for folder, of in folders.items():
        outcomes = [m["outcome"] for m in of["mutants"]]
        left = [m for m in of["mutants"] if m["outcome"] not in ("killed", "too long")]
        rows[folder] = {
            "places": of["places"],
            "sampled": len(outcomes),
            "killed": len(outcomes) - len(left),
            "survivors": [
                {k: m[k] for k in ("path", "line", "before", "after", "outcome")} for m in left
            ],
        }
    command = f"python -m tests.mutation --sample {options.sample} --seed {options.seed}"
    commit, dirty = commit_of_sources()
    result = {"command": command, "made_on": f"{date.today()}", "commit": commit, "dirty": dirty}
    before = json.loads(RESULT.read_text(encoding="utf-8")) if RESULT.is_file() else {"folders": {}}
    for folder, row in rows.items():  # what the same sample came to at first
        old = before["folders"].get(folder, row)
        same = before.get("command") == command and old["sampled"] == row["sampled"]
        row["killed_at_first"] = (
            old.get("killed_at_first", old["killed"]) if same else row["killed"]
        )
    RESULT.write_text(json.dumps({**result, "folders": rows}, indent=1) + "\n", encoding="utf-8")


def commit_of_sources() -> tuple[str, bool]:
    """-> the commit, and whether what is mutated differs from it."""
    run = functools.partial(subprocess.run, cwd=REPOSITORY, capture_output=True, text=True)
    commit = run(["git", "rev-parse", "HEAD"]).stdout.strip()
    return commit, bool(run(["git", "status", "--porcelain", "svqa"]).stdout.strip())


def _options() -> argparse.Namespace:
    read = argparse.ArgumentParser(prog="python -m tests.mutation", description=__doc__)
    read.add_argument("folders", nargs="*", default=list(FOLDERS), help="of svqa/")
    read.add_argument("--sample", type=int, default=100, help="places of a folder")
    read.add_argument("--seed", type=int, default=0)
    read.add_argument("--dry", action="store_true", help="write no result.json")
    return read.parse_args()


if __name__ == "__main__":
    main()
