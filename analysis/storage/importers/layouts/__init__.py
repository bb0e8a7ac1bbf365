"""How exits, samples and classes lie in what a file holds: in one array, or in pieces. Imports numpy."""
