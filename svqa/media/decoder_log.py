"""What libavcodec and libavformat print while they work -> whether they met damage.

Many decoders hide what they had to guess: HEVC and VP9 never mark a frame as damaged. But they
complain, on standard error, which in the worker is a file. It is read there because a callback
into Python from a decoding thread may wait for ever.
"""

from __future__ import annotations

import os
import re

import av

_STDERR = 2
_HALF_OF_THE_LOG = 32 << 10  # before the log is at its cap it begins anew
# said about whole files: where decoding begins, what a stream may leave out, what has no picture
_HARMLESS = re.compile(
    rb"mmco: unref short|co located POCs|number of reference frames|Missing reference picture"
    rb"|SEI type|Picture timing|non monoton|Unsupported|not implemented|skip frame"
    rb"|First slice in a frame missing|RASL|Skipping invalid undecodable NALU|message repeated"
    # that a file ends too early is told from its container, and holds for no packet at hand
    rb"|File ended prematurely|partial file"
)
# said of frames that were left out on purpose, because nothing that is wanted needs them
_LEFT_OUT = re.compile(rb"Could not find ref with POC|constructing the frame RPS")


class DecoderLog:
    """`listen` once a container is open; then `complained` after every packet and frame.

    `leaves_out`: whether frames that nobody wants are not decoded.
    """

    def __init__(self) -> None:
        self._at = 0
        self.leaves_out = False

    def listen(self) -> None:
        """Let the libraries print what is wrong; what they said so far does not count."""
        av.logging.set_libav_level(av.logging.ERROR)
        av.logging.restore_default_callback()
        self.complained()

    def complained(self) -> bool:
        """Whether something was said since the last time that only damage makes them say."""
        try:
            end = os.lseek(_STDERR, 0, os.SEEK_CUR)
            if end <= self._at:
                self._at = end
                return False
            said = os.pread(_STDERR, end - self._at, self._at)
            self._at = end
            if end > _HALF_OF_THE_LOG:
                os.ftruncate(_STDERR, 0)
                self._at = os.lseek(_STDERR, 0, os.SEEK_SET)
        except OSError:  # not a file: somebody looks at it
            return False
        return any(self.tells_damage(line) for line in said.splitlines())

    def tells_damage(self, line: bytes) -> bool:
        """Whether only damage makes the libraries say this."""
        harmless = _HARMLESS.search(line) or (self.leaves_out and _LEFT_OUT.search(line))
        return bool(line.strip()) and not harmless
