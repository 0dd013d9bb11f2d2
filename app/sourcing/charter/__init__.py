"""The charter (*cahier des charges des achats responsables*): `version` and `score` are pure; `versions` are kept as
data, `evidence` is shown by suppliers and checked in `verification`, `facts` gathers it, `stored_scores` keeps every
offer's grade.
"""
