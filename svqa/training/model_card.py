"""A version's record -> its model card, in the Hugging Face format.

YAML at the top, then what a person wants to know.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from svqa.database.stored_records import StoredVersion


def model_card(version: StoredVersion) -> str:
    """-> README.md of the version's folder. Everything in it comes from the record."""
    s, f = version.settings, version.figures
    lora = bool(s["use_lora"])
    head = {
        "license": "agpl-3.0",
        "library_name": "peft" if lora else "transformers",
        "base_model": version.base_id,
        "pipeline_tag": "visual-question-answering",
        "tags": ["lora", "svqa"] if lora else ["svqa"],
    }
    yaml = "\n".join(f"{key}: {json.dumps(value)}" for key, value in head.items())
    what = (
        (
            f"LoRA of rank {s['rank']} (alpha {s['alpha']}, preset `{s['preset']}`) on "
            f"`{version.base_id}`"
        )
        if lora
        else f"Full fine-tuning of `{version.base_id}`"
    )
    return f"""---
{yaml}
---
# {version.name}, version {version.number}

{what}: {f["trainable"]:,} trainable parameters, {100 * f["trainable_share"]:.2f} % of the model.

## Figures on the validation questions

{_table(f)}

Answers in the model's own words, or the option it finds likeliest, right when they match a
reference (three or more references: official VQA accuracy); 95 % intervals over videos.

The weights kept are the best of
{len(f["curve"]["exams"])} exams on these very questions (step {f["best_step"]} of {f["steps"]}),
so they flatter a little: compare versions on questions that chose none of them.{_notes(f)}

## Intended use and limits

Questions like those it was trained on. What it was not asked during training it may have
forgotten: put old questions into the training file as replay, and look at the types in the table.
Scores are not calibrated.

## How it was made

- base: `{version.base_id}`, revision `{version.base_revision or "none"}`, \
SHA-256 `{version.base_sha256}`
- parent: {f"version {version.parent}" if version.parent else "none"}
- data: {f["train_examples"]} training and {f["val_examples"]} validation questions of \
{f["train_videos"]} and {f["val_videos"]} videos, SHA-256 `{version.data_sha256}`; split by video
- seed {version.seed}; commit `{version.commit}`{" (with changes)" if version.dirty else ""}
- {version.hardware}; {version.seconds:.0f} s of training; \
{version.peak_memory_bytes / 2**20:.0f} MiB at the peak
- {", ".join(f"{name} {number}" for name, number in version.packages.items())}

```json
{json.dumps(dict(s), indent=1, sort_keys=True)}
```

`checksums.json` holds the SHA-256 of every file; the database's record holds the SHA-256 of
`checksums.json`. Load it with `svqa.training.load_answerer`, or make a standalone model:
`svqa train merge {version.name}:{version.number}`.
"""


def _notes(figures: Mapping[str, Any]) -> str:
    """What was told while it was trained."""
    return "".join(f"\n\n{told}" for told in figures["warnings"])


def _table(figures: Mapping[str, Any]) -> str:
    before, after = figures["before"], figures["after"]
    rows = [("all", before["accuracy"], after["accuracy"])]
    rows += [(kind, before["by_type"][kind], after["by_type"][kind]) for kind in after["by_type"]]
    lines = [f"| {name} | {_text(b)} | {_text(a)} | {a['n']} |" for name, b, a in rows]
    return "\n".join(["| questions | before | after | n |", "|---|---|---|---|", *lines])


def _text(figure: dict) -> str:
    return f"{figure['value']:.3f} [{figure['low']:.3f}, {figure['high']:.3f}]"
