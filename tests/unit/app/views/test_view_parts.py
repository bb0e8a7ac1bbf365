"""Pieces of pages that need no Streamlit: which class is answered, which classes a row of a figure stands for."""

import numpy as np

from app.views.live import page as live
from app.views.overview import page as overview


def test_an_exit_where_no_class_has_probability_answers_none():
    probs = np.array([[0.2, 0.8], [0.0, 0.0], [0.6, 0.4]])
    assert live._predicted(probs).tolist() == [1, -1, 0]


def test_two_classes_of_the_same_name_are_two_groups(monkeypatch):
    selected = []
    monkeypatch.setattr(overview, "select", lambda selection, figure: selected.append((selection.text, figure)))
    members = [overview._members(None, group) for group in (2, 0)]  # rows: crane (class 2), crane (class 0)
    for about in ([1, "crane", 10], [0, "crane", 10], ["crane"], [7]):
        overview._open_group({"customdata": about}, members, has_labels=True)
    assert selected == [("label = 0", "classes"), ("label = 2", "classes")]


def test_a_superclass_stands_for_its_classes():
    assert overview._members(np.array([1, 0, 1]), 1) == [0, 2]
