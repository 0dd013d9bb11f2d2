"""The optimiser: which offer serves each line and how many packs of each. It serves people first, then costs least.

`problem` is what there is to choose from, what a plan of it costs, and which plan is the better, exactly; `model` the
same as a mixed-integer program; `highs` runs programs; `product_choice` finds good choices of each product and
`combination` puts them together, which carries a large round; `solver` goes the whole way and proves how far from the
best possible a plan can be.
"""
