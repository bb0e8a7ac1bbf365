"""Facts from elsewhere, typed: published numbers, superclasses, names, the scale of axes. Imports nothing of ours."""
