"""What is said in a film: `WhisperTranscriber`, or faster-whisper as its manual shows it."""

from __future__ import annotations

import sys

from benchmarks.peers.talk import serve


def _words(texts: list[str]) -> list[str]:
    return " ".join(texts).lower().split()


if __name__ == "__main__":
    way, film = sys.argv[1:]
    if way == "ours":
        from svqa.media import read_audio
        from svqa.models.whisper import WhisperTranscriber

        transcriber = WhisperTranscriber.from_pretrained()
        serve(lambda: _words([u.text for u in transcriber.transcribe(read_audio(film))]))
    else:
        import os

        from faster_whisper import WhisperModel

        from svqa.models.weights import joined

        threads = int(os.environ.get("OMP_NUM_THREADS") or min(4, os.cpu_count() or 1))
        path = str(joined("whisper-base"))
        model = WhisperModel(path, device="cpu", compute_type="int8", cpu_threads=threads)
        serve(
            lambda: _words(
                [
                    part.text
                    for part in model.transcribe(film, word_timestamps=True, vad_filter=True)[0]
                ]
            )
        )
