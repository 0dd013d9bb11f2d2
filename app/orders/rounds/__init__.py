"""Purchasing rounds (*tournées d'achat*): `models` (with their states), `service` (planning, states), `series` and
`recurrence` (rounds that recur), `calendar`. What opening and the cut-off do to orders is
`consolidation.round_lifecycle`.
"""
