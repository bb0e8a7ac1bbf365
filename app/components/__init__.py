"""What two or more views share; `chart` is the one way to show a figure."""
