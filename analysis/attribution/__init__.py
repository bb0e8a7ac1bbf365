"""Attributions per exit: which pixels a class's score rests on, at one exit's head or in the product of exits.

`methods` and `targets` hold what there is to choose, as data; `strip` computes every exit with captum. Importing this
package imports neither torch nor captum.
"""
