"""From many small orders to one good order per supplier. `rules` is pure; `draft` applies them to a closed round,
`decisions` and `plans` change it, `round_approval` binds it; `shares` keeps allocations; `rollover` carries on what
was not served; `round_lifecycle` opens, closes and cancels rounds with all that hangs on it. `order_book` is the
same from files.
"""
