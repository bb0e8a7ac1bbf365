"""How many epochs fit before a deadline, and that the whole schedule is passed in them."""

import pytest

from analysis.models.training.pace import MARGIN, Pace


def test_without_a_deadline_steps_are_positions():
    pace = Pace(epochs=3, steps_per_epoch=7)
    assert [pace.at(step) for step in range(22)] == list(range(22))


def test_fewer_epochs_walk_the_whole_schedule_after_the_warm_up():
    pace = Pace(epochs=300, steps_per_epoch=10)
    assert pace.plan(step=2, seconds_left=98 * MARGIN + 1e-6, seconds_per_step=1) == 10
    assert [pace.at(step) for step in range(11)] == list(range(11))  # the first epoch keeps its pace
    assert pace.at(100) == 3000
    steps = [pace.at(step + 1) - pace.at(step) for step in range(10, 100)]
    assert steps == pytest.approx([2990 / 90] * 90)


def test_a_card_that_becomes_slower_or_faster_changes_the_number_of_epochs_and_not_the_end():
    pace = Pace(epochs=300, steps_per_epoch=10)
    clock, limit, step = 0.0, 1000.0, 0
    while step < 10 * pace.planned:
        speed = 1.0 if step < 200 else 3.0 if step < 300 else 0.5
        clock, step = clock + 10 * speed, step + 10
        if step < 10 * pace.planned:
            before = pace.at(step)
            pace.plan(step, limit - clock, speed)
            assert pace.at(step) == pytest.approx(before)
    assert pace.at(step) == 3000
    assert 0.95 * limit < clock <= limit


def test_at_most_the_recipes_epochs_and_at_least_the_one_that_goes_on():
    pace = Pace(epochs=5, steps_per_epoch=10)
    assert pace.plan(3, 1e9, 0.001) == 5
    assert pace.plan(20, -1.0, 1.0) == 3  # what is late ends with the epoch that begins, schedule and all
    assert pace.at(30) == 50


def test_one_epoch_takes_the_whole_schedule_and_less_is_refused():
    pace = Pace(epochs=300, steps_per_epoch=100)
    assert pace.plan(20, 80 * MARGIN + 1e-6, 1.0) == 1
    assert pace.at(20) == 20
    assert pace.at(100) == 30_000
    assert Pace(epochs=300, steps_per_epoch=100).plan(20, 79, 1.0) == 0


def test_a_plan_is_saved_and_goes_on():
    pace = Pace(epochs=300, steps_per_epoch=10)
    pace.plan(2, 200, 1.0)
    again = Pace(**pace.saved())
    assert [again.at(step) for step in range(200)] == [pace.at(step) for step in range(200)]
