"""Tables of the suppliers' side: their invoices, and webhooks."""
