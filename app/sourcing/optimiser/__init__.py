"""The optimiser: which offer serves each line and how many packs of each, for the least cost and the best score.

`problem` is what there is to choose from and what a plan of it costs, exactly; `model` the same as a mixed-integer
program; `highs` runs programs; `products` finds good choices of each product and `combining` puts them together,
which carries a large round; `solving` goes the whole way and proves how far from the best possible a plan can be.
"""
