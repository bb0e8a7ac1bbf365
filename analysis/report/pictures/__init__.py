"""Figures as files for papers and slides: SVG, PDF and HTML of a chosen size, which say inside what they are of."""
