"""A worker that was ended reads nothing more, whoever has its descriptor now."""

from __future__ import annotations

import os

import pytest

from svqa.media.files import open_video_file
from svqa.media.limits import Limits
from svqa.media.process import Worker
from tests.helpers.clips import numbered


def test_an_ended_worker_does_not_read_what_came_to_have_its_number():
    worker = Worker({"do": "probe", "name": "film"}, open_video_file(numbered(gop=12)), Limits())
    number = worker._out
    worker.close()
    reading, writing = os.pipe()
    if reading != number:
        os.dup2(reading, number)
    try:
        os.write(writing, b"another's")
        with pytest.raises(OSError, match="was ended"):
            worker._read_some(memoryview(bytearray(9)))
        assert os.read(number, 9) == b"another's"
    finally:
        for descriptor in {reading, writing, number}:
            os.close(descriptor)
