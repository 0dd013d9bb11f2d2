"""The chart of accounts."""

SUPPLIERS = "401"  # Fournisseurs: what the group owes them, less what is retained
COMMISSION_INCOME = "7082"  # Commissions et courtages
