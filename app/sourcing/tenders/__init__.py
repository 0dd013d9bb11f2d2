"""Tenders (*appels d'offres*): a *need* in lines and lots, *invited* suppliers, *questions* answered before all, *bids*
sealed until the deadline, *weighted criteria*, an *award* that becomes offers.

`sealing` and `ranking` are pure; `preparing`, `answering`, `bidding`, `opening`, `awarding` the use cases in the
order of a tender's life.
"""
