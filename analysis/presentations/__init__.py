"""Presentations: figures, samples and sentences in an order, a screen each, kept in SQLite and carried by small files.

A screen holds what it shows, not how to compute it again: it is the same next month, without its run, on somebody
else's machine; and it says of which run, with which settings, and when.
"""

from analysis.presentations.kept_figures import kept_figure, points_of
from analysis.presentations.presentations import Presentations
from analysis.presentations.screens import Picture, Presentation, Screen, Source

__all__ = ["Picture", "Presentation", "Presentations", "Screen", "Source", "kept_figure", "points_of"]
