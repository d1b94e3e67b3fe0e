"""WordNet 3.0 nouns + ImageNet's class order -> svqa/models/data/imagenet_labels.json.

The package ships the result. An ImageNet id is the offset of its synset in WordNet 3.0, so names,
synonyms and kinds are looked up, not matched.
"""

from __future__ import annotations

import argparse
import json
import re
from collections.abc import Sequence
from pathlib import Path

OUT = Path(__file__).parents[2] / "svqa" / "models" / "data" / "imagenet_labels.json"
# The steps of WordNet's hierarchy that people say of a picture; "placental" or "instrumentality"
# they do not.
SPOKEN = frozenset(
    re.split(
        r",\s+",
        """
    aircraft, airplane, animal, antelope, ape, apple, appliance, bag, ball, bear, bed,
    beetle, bicycle, big cat, bird, bird of prey, boat, bottle, box, bread, bridge,
    building, bus, butterfly, camel, car, cat, chair, church, clock, clothing, coat,
    computer, container, cow, crab, crocodile, cup, dessert, dish, dog, dress, drink, duck,
    electronic equipment, elephant, fence, fish, flower, food, footwear, fox, frog, fruit,
    furniture, glass, goat, guitar, gun, gymnastic apparatus, hat, helmet, horse, house,
    insect, jacket, kitchen appliance, kitchen utensil, knife, lamp, lizard, lobster,
    machine, measuring instrument, monkey, motorcycle, mountain, mug, mushroom,
    musical instrument, parrot, penguin, percussion instrument, person, pig, plant, pot,
    primate, rabbit, reptile, restaurant, rifle, rodent, roof, salamander, seal, shark,
    sheep, ship, shirt, shoe, shop, skirt, snake, spider, sports equipment, squirrel,
    stringed instrument, swimsuit, table, telephone, terrier, theater, tie, tool, towel,
    tower, toy, train, truck, turtle, van, vegetable, vehicle, water bird, weapon, whale,
    wheel, wind instrument, wolf
        """.strip(),
    )
)
SAY = {
    "anthropoid ape": "ape",
    "aquatic bird": "water bird",
    "beverage": "drink",
    "cattle": "cow",
    "crocodilian reptile": "crocodile",
    "domestic cat": "cat",
    "dwelling": "house",
    "edible fruit": "fruit",
    "fungus": "mushroom",
    "game equipment": "sports equipment",
    "gown": "dress",
    "headdress": "hat",
    "home appliance": "appliance",
    "leporid": "rabbit",
    "mercantile establishment": "shop",
    "necktie": "tie",
    "plaything": "toy",
    "source of illumination": "lamp",
    "swine": "pig",
    "timepiece": "clock",
    "overgarment": "coat",
}


def arguments() -> argparse.ArgumentParser:
    """-> the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m experiments.conse_tuning.make_imagenet_labels", description=__doc__
    )
    parser.add_argument(
        "nouns", type=Path, help="WordNet 3.0's data.noun (Debian: package wordnet-base)"
    )
    parser.add_argument(
        "classes", type=Path, help="a text with the thousand ids nXXXXXXXX in class order"
    )
    parser.add_argument(
        "--out", type=Path, default=OUT, help="file to write (default: the one that is shipped)"
    )
    return parser


def main(argv: Sequence[str] | None = None) -> None:
    """Write the label file; ids that WordNet lacks are an error."""
    given = arguments().parse_args(argv)
    synsets = read_nouns(given.nouns)
    ids = re.findall(r"\bn(\d{8})\b", given.classes.read_text())
    if len(ids) != 1000 or ids != sorted(ids):
        raise SystemExit(f"expected 1000 WordNet ids in rising order, got {len(ids)}")
    rows = [
        {
            "id": f"n{i}",
            "name": synsets[i][0][0],
            "also": synsets[i][0][1:],
            "kinds": kinds(synsets, i),
        }
        for i in ids
    ]
    lines = ",\n".join(json.dumps(row, ensure_ascii=False) for row in rows)
    given.out.write_text(f"[\n{lines}\n]\n")
    print(f"{len(rows)} labels -> {given.out}, {given.out.stat().st_size} bytes")


def read_nouns(path: Path) -> dict[str, tuple[list[str], list[str]]]:
    """-> `{offset: (words, offsets of its hypernyms)}`, from the format of WordNet's wndb(5)."""
    synsets = {}
    for line in path.read_text().splitlines():
        if line.startswith("  "):  # the licence
            continue
        fields = line.split(" | ")[0].split()
        count = int(fields[3], 16)
        words = [fields[4 + 2 * i].replace("_", " ") for i in range(count)]
        at = 4 + 2 * count
        pointers = [fields[at + 1 + 4 * i : at + 5 + 4 * i] for i in range(int(fields[at]))]
        synsets[fields[0]] = words, [p[1] for p in pointers if p[0] in ("@", "@i")]
    return synsets


def kinds(synsets: dict, offset: str) -> list[str]:
    """-> everyday words for what it is a kind of, nearest first: brown bear -> bear, animal."""
    out: list[str] = []
    while synsets[offset][1]:
        offset = synsets[offset][1][0]
        word = synsets[offset][0][0]
        word = SAY.get(word, word)
        if word in SPOKEN and word not in out:
            out.append(word)
    return out


if __name__ == "__main__":
    main()
