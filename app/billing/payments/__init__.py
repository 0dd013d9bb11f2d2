"""Money at the bank and at Stripe: `bank_statements` and `bank_matching`, `supplier_payments` and `direct_debits` (SEPA
files), `payment_methods`, `card_collections`, `connected_accounts`, `stripe_events`.
"""
