"""What statements of every kind are read into. Pure."""

import re
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from stdnum import iban

from app.core.errors import InvalidInput
from app.core.money import CENT, ZERO

MOST_WORDS = 500
YEARS = range(2000, 2100)
_SHORTEST_ACCOUNT = 5
_MOST_EUROS = Decimal(10**11)
_INVISIBLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufffe\uffff]")


class Movement(NamedTuple):
    """A booked movement: euros, positive where money came in; `words` is what was written with it.

    `reference`: the bank's own, which banks reuse (`NONREF`); empty where there is none. `charges`: euros that the
    bank kept of it, so that money that came in was more by them, and what went out was less. `is_return`: the bank
    takes an earlier movement back. `batches`: the names of the batch, where the bank booked several in one.
    """

    reference: str
    booked_on: date
    amount: Decimal
    counterparty: str
    words: str
    charges: Decimal = ZERO
    is_return: bool = False
    batches: tuple[str, ...] = ()


class Statement(NamedTuple):
    """Movements of one account; `account` as the file says it (mostly an IBAN), empty where it does not."""

    account: str
    movements: list[Movement]


def plain(text: str) -> str:
    """Text of a bank in one line, without what cannot be seen."""
    return " ".join(_INVISIBLE.sub(" ", text).split())


def as_cents(amount: Decimal) -> Decimal | None:
    """An amount in whole cents; None where it has parts of one, or is more than any account moves."""
    if not amount.is_finite() or abs(amount) >= _MOST_EUROS or amount != amount.quantize(CENT):
        return None
    return amount.quantize(CENT)


def of_account(statements: Sequence[Statement], own: str) -> Statement:
    """What a file says of our own account; statements of others in the same file are passed over.

    Raises `InvalidInput` where it is of another account, or, while ours is not known, of several.
    """
    ours = [one for one in statements if not own or not one.account or _is_same(one.account, own)]
    accounts = sorted({one.account for one in (ours or statements)} - {""})
    if not ours and statements:
        raise InvalidInput(
            "This is the statement of another account: {account}. The association's is {own}.", code="other_account",
            field="file", account=", ".join(accounts), own=own,
        )  # fmt: skip
    if len(accounts) > 1 and not own:
        raise InvalidInput(
            "The file has statements of several accounts ({accounts}): write down the association's IBAN first.",
            code="several_accounts", field="file", accounts=", ".join(accounts),
        )  # fmt: skip
    return Statement(next(iter(accounts), ""), [movement for one in ours for movement in one.movements])


def _is_same(account: str, own: str) -> bool:
    """Whether an account is ours, which may stand without its country and check digits."""
    return account == own or (not iban.is_valid(account) and len(account) >= _SHORTEST_ACCOUNT and account in own)
