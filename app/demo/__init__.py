"""The demo: an invented association with three parks, 125 firms, 12 suppliers, and a round played to its end.

Everything in it is made up; it goes in through the same imports and use cases as real data.
"""
