"""Electronic invoicing as the French reform has it: documents go to their recipient's platform and come from suppliers'
ones, and each says how far it is (its *life cycle*), both ways.

`platform` is the one interface to whoever carries documents; `ubl_invoice`, `reading`, `responses`, `life_cycle` are
pure. Source: CGI art. 289 bis and 290; AFNOR XP Z12-012 (statuses); Peppol BIS Billing 3 and Invoice Response 3.
"""
