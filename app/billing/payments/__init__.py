"""Money at the bank and at Stripe.

`bank_statements` (`camt`, `statement_tables`) are read into `movements`, told apart by `movement_identity`, taken in by
`bank_matching` and matched by `settlement`. `supplier_payments` and `direct_debits` make `outgoing_files`. At Stripe:
`payment_methods`, `card_collections`, `connected_accounts`, `stripe_events`.
"""
