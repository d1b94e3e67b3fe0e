"""Errors that teach: what was expected, what came, what to do.

Every error that svqa raises on purpose is an `SvqaError`; the command line prints its text and
exits with `exit_code`.
"""

from __future__ import annotations

from collections.abc import Iterable


class SvqaError(Exception):
    """Base of every error svqa raises on purpose.

    `exit_code`: 1 the work failed, 2 the request was wrong.
    """

    exit_code = 1


class UsageError(SvqaError):
    """The request itself is wrong: an unknown name, an empty question, an option out of range."""

    exit_code = 2


class MediaError(SvqaError):
    """A file could not be read as video or sound."""


class VideoNotFound(MediaError):
    """No such file, or not something that can be read (a folder, a FIFO, a device)."""


class NotAVideo(MediaError):
    """The bytes are not a container svqa reads, whatever the file is called."""


class NoVideoStream(MediaError):
    """A media file without moving pictures (audio only, cover art)."""


class NoFrames(MediaError):
    """A video whose header is fine and from which not one frame can be decoded."""


class TooLarge(MediaError):
    """More pixels a frame than `max_pixels` allows."""


class DecodeTimeout(MediaError):
    """The decoding worker made no progress, or ran past its deadline, and was ended."""


class DecodeCrashed(MediaError):
    """The decoding worker died (segfault, out of memory).

    This process and the database are unharmed.
    """


class StoreUnreachable(MediaError):
    """An object store did not answer, or the connection was cut and stayed so."""


class FileChanged(MediaError):
    """The file was replaced while it was being read; nothing of it was committed as ready."""


class NetworkRefused(UsageError):
    """A URL was given where only local files are read."""


class ModelError(SvqaError):
    """A model could not be loaded or run."""


class UnknownModel(UsageError, ModelError):
    """A model or model-set name that does not exist; the text lists the ones that do."""


class WeightsMissing(ModelError):
    """The weights are not on this machine.

    The text names the file and the command that brings them.
    """


class WeightsCorrupt(ModelError):
    """A weight file does not have the checksum, format or size that it must have.

    It was not loaded.
    """


class IngestCrashed(SvqaError):
    """The process that took a film in died of it, every time; the others were taken in."""


class DatabaseError(SvqaError):
    """The database cannot be used."""


class DatabaseUnreachable(DatabaseError):
    """The server of the database cannot be reached, or the connection to it was lost."""


class DatabaseTooNew(DatabaseError):
    """Written by a newer svqa than this one; it was not touched."""


class NotADatabase(DatabaseError):
    """The file is not a database svqa can open; it was not touched."""


class BadVector(DatabaseError):
    """A vector with NaN, of length zero, of the wrong dimension or of another model.

    Refused at write.
    """


class BadText(DatabaseError):
    """Text that not every database can give back exactly (NUL, lone surrogates).

    Refused at write.
    """


class LeaseLost(DatabaseError):
    """Another process has taken this video over.

    What was committed stands, nothing more is written from here.
    """


class NotIngested(UsageError):
    """Asked about a video that the database does not hold (ready)."""


class DifferentFingerprints(UsageError):
    """Two results were not measured on the same thing; the text names the field that differs."""


class UnknownParameter(UsageError):
    """A notebook or settings parameter that does not exist; the text lists the ones that do."""


def unknown_name(kind: str, name: str, known: Iterable[object]) -> str:
    """-> the text for an unknown name: repeats it, offers the closest, lists the ones that exist.

    >>> unknown_name("model set", "ofline", ["offline", "hub"])
    "Unknown model set 'ofline'. Did you mean 'offline'? Known: hub, offline."
    """
    import difflib

    known = sorted(str(k) for k in known)
    near = difflib.get_close_matches(str(name), known, n=1)
    hint = f" Did you mean '{near[0]}'?" if near else ""
    return f"Unknown {kind} '{name}'.{hint} Known: {', '.join(known) or 'none'}."
