"""Pages of payments: ways to pay, the treasurer's desk, statements, suppliers' payouts, Stripe's events."""
