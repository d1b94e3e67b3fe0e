"""What other videos' captions say -> whether an option is about this video rather than about any.

"smile" is near the captions of every video, "strum the string" near those of few. No answer is
used, and only videos that are known: in folds, those of the training part. A question's own video
is never its own background.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from experiments.nextqa_ablation.option_features import DIRECTIONS, OptionTraits, ReadVideo
from svqa.answering.option_scoring import BEST

BACKGROUND_NAMES = (
    *(f"{name}, this video rather than others" for name in DIRECTIONS),
    "rarity of its words that the lines have",
    "rarity of its words that neither the lines nor the question have",
    "rarity of its rarest word",
)
# A softmax over videos of cosines / this (an inverted softmax, Smith et al. 2017, arXiv:1702.03859)
_TEMPERATURE = 0.05


@dataclass(frozen=True, eq=False)
class Background:
    """N questions' options against V videos.

    `fits (N, K, directions, V)` is how well each video's best lines fit an option, `own (N,)` the
    question's video, `told` the stems of each video's captions.
    """

    traits: tuple[OptionTraits, ...]
    fits: np.ndarray
    own: np.ndarray
    told: tuple[frozenset[str], ...]

    def features(self, known: np.ndarray) -> np.ndarray:
        """-> (N, K, len(BACKGROUND_NAMES)), by the captions of the videos in `known (V,) bool`."""
        here = np.take_along_axis(self.fits, self.own[:, None, None, None], axis=3)[..., 0]
        others = known & (np.arange(len(known)) != self.own[:, None])  # (N, V)
        odds = np.exp((self.fits - here[..., None]) / _TEMPERATURE)
        mean = (odds * others[:, None, None, :]).sum(axis=3) / others.sum(axis=1)[:, None, None]
        return np.concatenate([-np.log(mean), self._rarities(known)], axis=2)

    def _rarities(self, known: np.ndarray) -> np.ndarray:
        counts: dict[str, int] = {}
        for v in np.flatnonzero(known):
            for stem in self.told[v]:
                counts[stem] = counts.get(stem, 0) + 1
        rows = []
        for traits, own in zip(self.traits, self.own, strict=True):
            here, n = self.told[own], int(known.sum()) - int(known[own])
            rarity = {
                s: np.log((n + 1) / (counts.get(s, 0) - (known[own] and s in here) + 0.5))
                for s in frozenset().union(*traits.stems)
            }
            rows.append(
                [
                    (
                        sum(rarity[s] for s in option & here),
                        sum(rarity[s] for s in option - here - traits.asked),
                        max((rarity[s] for s in option), default=0.0),
                    )
                    for option in traits.stems
                ]
            )
        return np.array(rows, dtype=np.float64)


def read_background(
    traits: Sequence[OptionTraits], own: Sequence[int], videos: Sequence[ReadVideo]
) -> Background:
    """Every option of every question against every video: a product of matrices a video."""
    vectors = np.stack([t.directions for t in traits])  # (N, directions, K, D)
    flat = vectors.reshape(-1, vectors.shape[-1])
    fits = np.stack([_best_lines(flat @ video.beyond.T) for video in videos], axis=1)
    shaped = fits.reshape(*vectors.shape[:3], len(videos)).transpose(0, 2, 1, 3)
    told = tuple(frozenset().union(*video.lines.stems) for video in videos)
    return Background(tuple(traits), shaped, np.asarray(own), told)


def _best_lines(similarity: np.ndarray) -> np.ndarray:
    """(M, N) -> (M,) the mean of each row's `BEST` largest."""
    best = min(BEST, similarity.shape[1])
    similarity.partition(similarity.shape[1] - best, axis=1)
    return similarity[:, -best:].mean(axis=1)
