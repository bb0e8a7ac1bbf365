"""Figures as files for papers and slides: SVG, PDF and HTML of a chosen size, which say inside what they are of."""

from analysis.figures.print_sizes import SLIDE, PrintSize, in_points
from analysis.report.pictures.about import About
from analysis.report.pictures.draw import picture_bytes, save_picture

__all__ = ["SLIDE", "About", "PrintSize", "in_points", "picture_bytes", "save_picture"]
