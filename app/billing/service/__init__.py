"""Use cases of billing.

Documents: `issuing` numbers, writes, books and archives one; `members`, `commissions` and `services` say what is to be
invoiced, `reducing` and `crediting` what is taken back; `runs` does it for a month; `purchases` books what suppliers
invoice by themselves. Money: `matching` (bank statements), `paying`, `debiting`; `methods`, `collecting`, `connecting`,
`stripe_events` (Stripe); `telling`. Platforms: `transmitting`, `receiving`. And `closing`.
"""
