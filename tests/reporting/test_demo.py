"""`make demo`: answers with seconds on the terminal, a report on disk."""

from __future__ import annotations

import pytest

from svqa.reporting import demo


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_the_demo_answers_with_seconds_and_writes_a_report(tmp_path, capsys):
    index = demo.run(tmp_path, demo.QUESTIONS)
    said = capsys.readouterr().out
    assert all(question.split()[0] in said for question in demo.QUESTIONS)
    assert "14.7 - 15.7 s" in said, "the bow tie appears with the man of the last scene"
    page = index.read_text(encoding="utf-8")
    assert "00_quickstart/notebook.html" in page and "data:image/png" in page
    assert 'href="film.html"' in page and "What happens in the video?" in page
    film = (tmp_path / "film.html").read_text(encoding="utf-8")
    assert all(question in film for question in demo.QUESTIONS) and '"src": "reel.mp4"' in film
    assert (tmp_path / "00_quickstart" / "results.json").is_file()
