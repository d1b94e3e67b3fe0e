from __future__ import annotations

from collections import Counter

from svqa.models import coco_categories, coco_supercategories


def test_the_ids_are_those_of_coco():
    ids = [category.id for category in coco_categories()]
    assert ids == sorted(set(ids)) and (ids[0], ids[-1], len(ids)) == (1, 90, 80)
    assert set(range(1, 91)) - set(ids) == {12, 26, 29, 30, 45, 66, 68, 69, 71, 83}
    by_id = {category.id: category.name for category in coco_categories()}
    assert (by_id[18], by_id[23], by_id[44], by_id[77]) == ("dog", "bear", "bottle", "cell phone")


def test_every_name_has_its_kind():
    assert len(coco_supercategories()) == 80, "no name twice"
    assert Counter(coco_supercategories().values()) == {
        "person": 1,
        "vehicle": 8,
        "outdoor": 5,
        "animal": 10,
        "accessory": 5,
        "sports": 10,
        "kitchen": 7,
        "food": 10,
        "furniture": 6,
        "electronic": 6,
        "appliance": 5,
        "indoor": 7,
    }
