"""Several inputs at once, and what is left of them where one fails."""

from __future__ import annotations

import time
from types import SimpleNamespace

from svqa.evaluation.library_answers import SeveralAtOnce, calls


class Doubles(SeveralAtOnce):
    """Doubles numbers, four at a time; refuses words. `asked` holds what each call was given."""

    def __init__(self):
        models = SimpleNamespace(answerer=SimpleNamespace(together=4))
        super().__init__(self._one, models, None)
        self.asked: list[list] = []

    def _one(self, given):
        self.asked.append([given])
        return given + given * 1.0

    def several(self, inputs):
        self.asked.append(list(inputs))
        return [given + given * 1.0 for given in inputs]


def test_of_several_inputs_of_which_one_fails_each_is_asked_by_itself_once():
    model = Doubles()
    made = list(calls(model, [1, 2, "three", 4, 5, 6]))
    assert [output for output, _, _ in made] == [2, 4, None, 8, 10, 12]
    assert [type(error) for _, error, _ in made if error] == [TypeError]
    assert model.asked == [[1, 2, "three", 4], [1], [2], ["three"], [4], [5, 6]]


def test_of_what_was_answered_together_each_takes_its_part_of_the_time():
    class Slow(Doubles):
        def several(self, inputs):
            time.sleep(0.2)
            return super().several(inputs)

    begin = time.perf_counter()
    times = [ms for _, _, ms in calls(Slow(), [1, 2, 3, 4])]
    assert 200 <= sum(times) <= 1000 * (time.perf_counter() - begin)
