"""The chart of accounts: those that the product books to, by their numbers and French names.

Source: *plan comptable général*, ANC regulation 2014-03.
"""

from enum import StrEnum


class Account(StrEnum):
    """An account that entries are booked to."""

    SUPPLIERS = "401"
    MEMBERS = "411"
    VAT_DEDUCTIBLE = "44566"
    VAT_COLLECTED = "44571"
    OTHER = "467"
    SUSPENSE = "471"
    BANK = "512"
    STRIPE = "517"
    PURCHASES = "607"
    BANK_FEES = "627"
    SERVICES = "706"
    GOODS = "707"
    COMMISSION = "7082"

    @property
    def label(self) -> str:
        """Its name in the French chart."""
        return _LABELS[self]


_LABELS = {
    Account.SUPPLIERS: "Fournisseurs",
    Account.MEMBERS: "Clients",
    Account.VAT_DEDUCTIBLE: "TVA déductible sur autres biens et services",
    Account.VAT_COLLECTED: "TVA collectée",
    Account.OTHER: "Autres comptes débiteurs ou créditeurs",
    Account.SUSPENSE: "Comptes d'attente",
    Account.BANK: "Banques",
    Account.STRIPE: "Autres organismes financiers",
    Account.PURCHASES: "Achats de marchandises",
    Account.BANK_FEES: "Services bancaires et assimilés",
    Account.SERVICES: "Prestations de services",
    Account.GOODS: "Ventes de marchandises",
    Account.COMMISSION: "Commissions et courtages",
}

# Accounts whose postings name somebody: their subsidiary ledgers.
WITH_PARTY = frozenset({Account.SUPPLIERS, Account.MEMBERS})


def label_of(number: str) -> str:
    """The name of an account; of one of an older chart its nearest parent's, else nothing."""
    for length in range(len(number), 0, -1):
        if number[:length] in Account.__members__.values():
            return Account(number[:length]).label
    return ""
