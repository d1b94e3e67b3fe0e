"""What was measured on what -> a checksum of it, and whether two results may be compared."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Mapping
from typing import Any

import numpy as np

from svqa.errors import DifferentFingerprints

WHO = ("model", "model_id", "models")  # who answered may differ: that is what a comparison is about


def check_same(fingerprints: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """-> the fields that all the named fingerprints agree on, those of `WHO` left out.

    Raises DifferentFingerprints, which names the field, where two that both have it differ, or
    where two share none.

    >>> check_same({"a": {"split": "val", "model": "x"}, "b": {"split": "val", "model": "y"}})
    {'split': 'val'}
    """
    names = list(fingerprints)
    for i, a in enumerate(names):
        for b in names[i + 1 :]:
            shared = (set(fingerprints[a]) & set(fingerprints[b])) - set(WHO)
            if not shared:
                raise DifferentFingerprints(
                    f"The fingerprints of '{a}' and '{b}' share no field: nothing says that they "
                    "were measured on the same questions. Give --questions FILE, or results of "
                    "`svqa eval`."
                )
            for field in sorted(shared):
                if fingerprints[a][field] != fingerprints[b][field]:
                    raise DifferentFingerprints(
                        f"'{a}' and '{b}' were not measured alike: `{field}` is "
                        f"{fingerprints[a][field]!r} and "
                        f"{fingerprints[b][field]!r}. Run both on the same."
                    )
    return {
        k: v
        for fingerprint in fingerprints.values()
        for k, v in fingerprint.items()
        if k not in WHO
    }


def digest(value: Any) -> str:
    """-> SHA-256 of what a value holds.

    Arrays by their bytes, records by their fields, anything else by its repr.
    """
    if isinstance(value, np.ndarray):
        content = f"{value.shape} {value.dtype}".encode() + np.ascontiguousarray(value).tobytes()
    elif dataclasses.is_dataclass(value) and not isinstance(value, type):
        content = b"".join(
            digest(getattr(value, f.name)).encode() for f in dataclasses.fields(value)
        )
    elif isinstance(value, (list, tuple)):
        content = b"".join(digest(part).encode() for part in value) + b"list"
    else:
        content = repr(value).encode()
    return hashlib.sha256(content).hexdigest()
