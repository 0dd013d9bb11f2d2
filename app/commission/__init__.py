"""The association's commission: rules (*tariff*), the commission of a line, and the books (*ledger*)."""
