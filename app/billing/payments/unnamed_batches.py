"""What a movement is that names nothing we know: the only batch of its sum and days, or a transfer of ours come back.

Banks book a file's batch as one sum, and not every bank says which. Two batches of one sum are left to be said by hand;
so is a batch of one, which a bank books with its words.
"""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import TypeVar

from sqlmodel import Session, col, select

from app.billing.invoicing.models import IssuedInvoice
from app.billing.payments.models.bank import BankMovement, DirectDebit, Payment, Transfer
from app.commission.ledger.chart import Account
from app.commission.ledger.entries import PostingDraft
from app.core import clock
from app.core.money import ZERO

_BOOKED_LATE = timedelta(days=6)  # a weekend with holidays before and after
Entry = TypeVar("Entry", DirectDebit, Transfer)


def only_batch_of_debits(session: Session, booked_on: date, amount: Decimal) -> list[DirectDebit]:
    """The debits of the only batch that comes to an amount and was to be collected by then; else none."""
    waiting = select(DirectDebit).where(
        DirectDebit.batch != "", col(DirectDebit.movement_id).is_(None), col(DirectDebit.returned_at).is_(None),
        col(DirectDebit.taken_back_at).is_(None),
        col(DirectDebit.collect_on).between(booked_on - _BOOKED_LATE, booked_on),
    ).order_by(col(DirectDebit.id))  # fmt: skip
    return _only_one(session.exec(waiting), amount)


def only_batch_of_transfers(session: Session, booked_on: date, amount: Decimal) -> list[Transfer]:
    """The transfers of the only batch that comes to an amount and was made shortly before; else none."""
    until = datetime.combine(booked_on, time.max, clock.PARIS)
    waiting = select(Transfer).where(
        Transfer.batch != "", col(Transfer.movement_id).is_(None), col(Transfer.taken_back_at).is_(None),
        col(Transfer.made_at).between(until - _BOOKED_LATE, until),
    ).order_by(col(Transfer.id))  # fmt: skip
    return _only_one(session.exec(waiting), amount)


def _only_one(entries: Iterable[Entry], amount: Decimal) -> list[Entry]:
    batches: defaultdict[str, list[Entry]] = defaultdict(list)
    for entry in entries:
        batches[entry.batch].append(entry)
    fitting = [one for one in batches.values() if sum((entry.amount for entry in one), ZERO) == amount]
    return fitting[0] if len(fitting) == 1 and len(fitting[0]) > 1 else []


def transfer_come_back(session: Session, movement: BankMovement, amount: Decimal) -> list[PostingDraft]:
    """A transfer of ours that the receiver's bank gave back, by its reference: it is to be paid again."""
    transfer = session.exec(
        select(Transfer).where(
            col(Transfer.reference).in_(movement.words.upper().split()), Transfer.amount == amount,
            col(Transfer.movement_id).is_not(None), col(Transfer.returned_at).is_(None),
        )
    ).first()  # fmt: skip
    if transfer is None:
        return []
    transfer.returned_at = clock.now()
    if transfer.invoice_id is None:
        return [PostingDraft(Account.SUPPLIERS, credit=amount, supplier_id=transfer.supplier_id)]
    session.add(Payment(movement_id=movement.id, invoice_id=transfer.invoice_id, amount=amount))
    session.flush()
    company_id = session.get_one(IssuedInvoice, transfer.invoice_id).company_id
    return [PostingDraft(Account.MEMBERS, credit=amount, company_id=company_id)]
