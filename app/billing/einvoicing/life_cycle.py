"""How far an invoice is: the statuses of the French reform, what may follow what, and Peppol's codes for them. Pure."""

from enum import StrEnum


class LifeCycle(StrEnum):
    """The statuses of AFNOR XP Z12-012 by their codes; 200, 210, 212 and 213 are those that the law asks for."""

    DEPOSITED = "200"
    EMITTED = "201"
    RECEIVED = "202"
    AVAILABLE = "203"
    TAKEN_IN_CHARGE = "204"
    APPROVED = "205"
    PARTLY_APPROVED = "206"
    DISPUTED = "207"
    SUSPENDED = "208"
    COMPLETED = "209"
    REFUSED = "210"
    PAYMENT_SENT = "211"
    CASHED = "212"
    REJECTED = "213"


_ORDER = (
    LifeCycle.DEPOSITED, LifeCycle.EMITTED, LifeCycle.RECEIVED, LifeCycle.AVAILABLE, LifeCycle.TAKEN_IN_CHARGE,
    LifeCycle.DISPUTED, LifeCycle.SUSPENDED, LifeCycle.COMPLETED, LifeCycle.PARTLY_APPROVED, LifeCycle.REFUSED,
    LifeCycle.REJECTED, LifeCycle.APPROVED, LifeCycle.PAYMENT_SENT, LifeCycle.CASHED,
)  # fmt: skip
_RANK = {status: rank for rank, status in enumerate(_ORDER)}
FINAL = frozenset({LifeCycle.REFUSED, LifeCycle.REJECTED, LifeCycle.CASHED})
_REPEATS = frozenset({LifeCycle.DISPUTED, LifeCycle.SUSPENDED, LifeCycle.COMPLETED})

# Peppol Invoice Response (transaction T111), UNCL4343 as it restricts it.
_FROM_PEPPOL = {
    "AB": LifeCycle.AVAILABLE,
    "IP": LifeCycle.TAKEN_IN_CHARGE,
    "UQ": LifeCycle.SUSPENDED,
    "CA": LifeCycle.PARTLY_APPROVED,
    "RE": LifeCycle.REFUSED,
    "AP": LifeCycle.APPROVED,
    "PD": LifeCycle.PAYMENT_SENT,
}
_TO_PEPPOL = {status: code for code, status in _FROM_PEPPOL.items()} | {LifeCycle.DISPUTED: "UQ"}


def may_follow(before: LifeCycle | None, after: LifeCycle) -> bool:
    """Whether a status moves an invoice on: never back, nothing after an end; disputes may come again."""
    if before is None:
        return True
    if before in FINAL:
        return False
    return _RANK[after] > _RANK[before] or (before in _REPEATS and after in _REPEATS and before is not after)


def from_peppol(code: str) -> LifeCycle | None:
    """The status that a code of an Invoice Response stands for; None for a code that it has not."""
    return _FROM_PEPPOL.get(code)


def to_peppol(status: LifeCycle) -> str | None:
    """The code of an Invoice Response for a status; None for one that Peppol does not tell."""
    return _TO_PEPPOL.get(status)
