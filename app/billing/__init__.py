"""Money: invoices, *credit notes*, payments, *collections* by Stripe, *transfers*, the books, electronic invoicing.

The association invoices members in the name of suppliers (by their *mandate*) or in its own, suppliers for its
commission, firms for services; each document numbered without a gap, as Factur-X, archived and never changed.
"""
