"""Invoices that the association issues: to members in the name of suppliers (by their mandate), to suppliers for its
commission; *credit notes*; each numbered without a gap, as Factur-X, archived with its digest and never changed."""
