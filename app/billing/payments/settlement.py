"""What movements at the bank pay: found by batch, invoice number or transfer. What nothing is found for waits.

Money that comes in pays the batch of debits that it bears the name of, or the invoices whose numbers stand in its
words. Money that goes out is a transfer of ours, a batch of them, or a debit or payment that a bank took back.
"""

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from sqlalchemy import text
from sqlmodel import Session, col, select

from app.billing.invoicing.models import IssuedInvoice
from app.billing.invoicing.queries import MEMBER_INVOICES, OpenInvoice
from app.billing.payments.models.bank import BankMovement, DirectDebit, Payment, Transfer
from app.billing.payments.outgoing_files import confirm_file
from app.billing.payments.payment_references import InvoiceKey, invoices_named, key_of
from app.billing.payments.unnamed_batches import only_batch_of_debits, only_batch_of_transfers, transfer_come_back
from app.commission.ledger.chart import Account
from app.commission.ledger.entries import PostingDraft
from app.core import clock
from app.core.database import row_as
from app.core.money import ZERO

_TRANSFER = re.compile(r"VIR[0-9]{8,}")
_BATCH = re.compile(r"[A-Za-z0-9]+-[0-9a-f]{12}")
_MOST_RETURN_FEE = Decimal(50)  # what a bank takes at most for a debit that came back; more is something else


Named = Mapping[InvoiceKey, int | None]


class Found(NamedTuple):
    """What a movement is: the postings of what it pays, and what of it the bank kept for itself."""

    sides: list[PostingDraft]
    fee: Decimal = ZERO


def named_invoices(session: Session, all_words: Sequence[str]) -> Named:
    """The ids of the members' invoices that words may name, by their keys; two statements for all words.

    Of what is named and no member owes, such as a credit note, None: the invoice of its supplier with the same figures
    is not meant.
    """
    keys = {key for words in all_words for place in invoices_named(words) for key in place}
    asked = {"years": list({key.year for key in keys}), "sequences": list({key.sequence for key in keys})}
    where = "year = ANY(:years) AND i.sequence = ANY(:sequences)"
    issued = session.execute(text(f"SELECT i.number FROM issued_invoices i WHERE i.{where}"), asked)
    found: dict[InvoiceKey, int | None] = dict.fromkeys(key_of(row.number) for row in issued)
    owed = session.execute(text(f"{MEMBER_INVOICES} AND i.{where}"), asked)
    found |= {key_of(row.number): row.id for row in owed}
    return {key: found[key] for key in keys if key in found}


def _invoice_ids(words: str, known: Named) -> list[int]:
    """The invoices that words name, each once, in their order."""
    places = (next((known[key] for key in place if key in known), None) for place in invoices_named(words))
    return list(dict.fromkeys(one for one in places if one is not None))


def _open_invoices(session: Session, ids: Sequence[int]) -> list[OpenInvoice]:
    if not ids:
        return []
    rows = session.execute(text(f"{MEMBER_INVOICES} AND i.id = ANY(:ids)"), {"ids": list(ids)})
    found = {row.id: row_as(OpenInvoice, row) for row in rows}
    return [found[one] for one in ids if one in found]


def match_incoming(session: Session, movement: BankMovement, batches: Sequence[str], known: Named) -> Found:
    """What money that came in pays: a batch of debits, or the invoices named in its words as far as it reaches."""
    gross = movement.gross
    debits = _batch_of_debits(session, [*batches, *_BATCH.findall(movement.words)], gross)
    ids = [one.invoice_id for one in debits] or _invoice_ids(movement.words, known)
    if ids:
        return Found(pay(session, movement, _open_invoices(session, ids), gross))
    come_back = transfer_come_back(session, movement, gross)
    if come_back:
        return Found(come_back)
    unnamed = only_batch_of_debits(session, movement.booked_on, gross)
    return Found(pay(session, movement, _open_invoices(session, [one.invoice_id for one in unnamed]), gross))


def _batch_of_debits(session: Session, names: Sequence[str], amount: Decimal) -> list[DirectDebit]:
    """The debits of a batch that the bank collected at once: those that are not paid yet, where they come to it."""
    if not names:
        return []
    debits = session.exec(
        select(DirectDebit)
        .where(
            col(DirectDebit.batch).in_(names), DirectDebit.batch != "",
            col(DirectDebit.movement_id).is_(None), col(DirectDebit.returned_at).is_(None),
        ).order_by(col(DirectDebit.id))
    ).all()  # fmt: skip
    return list(debits) if sum((one.amount for one in debits), ZERO) == amount else []


def pay(
    session: Session, movement: BankMovement, invoices: Sequence[OpenInvoice], available: Decimal
) -> list[PostingDraft]:
    """Pay invoices in their order, as far as an amount reaches."""
    by_company: defaultdict[int, Decimal] = defaultdict(lambda: ZERO)
    for invoice in invoices:
        amount = min(invoice.open, available)
        if amount > 0:
            session.add(Payment(movement_id=movement.id, invoice_id=invoice.id, amount=amount))
            _confirm_debit(session, movement, invoice.id, amount)
            by_company[invoice.company_id] += amount
            available -= amount
    session.flush()
    return [PostingDraft(Account.MEMBERS, credit=amount, company_id=company) for company, amount in by_company.items()]


def _confirm_debit(session: Session, movement: BankMovement, invoice_id: int, amount: Decimal) -> None:
    """Note the debit that a payment is, if it is one: its file went to the bank."""
    debit = session.exec(
        select(DirectDebit).where(
            DirectDebit.invoice_id == invoice_id, DirectDebit.amount == amount, col(DirectDebit.movement_id).is_(None),
            col(DirectDebit.returned_at).is_(None),
        ).order_by(col(DirectDebit.id).desc())
    ).first()  # fmt: skip
    if debit is not None:
        confirm_file(session, debit.file_id)
        debit.movement_id = movement.id


def match_outgoing(session: Session, movement: BankMovement, batches: Sequence[str], known: Named) -> Found:
    """What money that went out is: transfers of ours by reference or batch, or what a bank took back."""
    amount = -movement.gross
    transfers = _transfers(session, movement.words, batches, movement.booked_on, amount)
    if transfers:
        return Found([side for one in transfers for side in _done(session, movement, one)])
    for invoice_id in _invoice_ids(movement.words, known):
        found = took_back(session, movement, invoice_id, amount, sure=movement.is_return)
        if found.sides:
            return found
    return Found([])


def _transfers(
    session: Session, words: str, batches: Sequence[str], booked_on: date, amount: Decimal
) -> list[Transfer]:
    """The transfer named in words, or else those of a batch, that are not done yet and come to an amount."""
    waiting = select(Transfer).where(col(Transfer.movement_id).is_(None)).order_by(col(Transfer.id))
    named = waiting.where(col(Transfer.reference).in_(_TRANSFER.findall(words.upper())))
    names = [one for one in (*batches, *_BATCH.findall(words)) if one]
    for query in (named, waiting.where(col(Transfer.batch).in_(names))):
        found = list(session.exec(query).all())
        if found and sum((one.amount for one in found), ZERO) == amount:
            return found
    return [] if names else only_batch_of_transfers(session, booked_on, amount)


def _done(session: Session, movement: BankMovement, transfer: Transfer) -> list[PostingDraft]:
    confirm_file(session, transfer.file_id)  # locked before its rows, as by whoever takes it back
    transfer.movement_id = movement.id
    if transfer.invoice_id is None:
        return [PostingDraft(Account.SUPPLIERS, debit=transfer.amount, supplier_id=transfer.supplier_id)]
    return _gone_back(session, movement, transfer.invoice_id, transfer.amount)


def took_back(session: Session, movement: BankMovement, invoice_id: int, amount: Decimal, *, sure: bool) -> Found:
    """A debit that a firm's bank took back, with the fee for it: its invoice is open again, and can be collected again.

    Where it is `sure` that money of the invoice went back, what was paid of it by other ways goes back too.
    """
    debit = session.exec(
        select(DirectDebit)
        .where(
            DirectDebit.invoice_id == invoice_id, col(DirectDebit.returned_at).is_(None), DirectDebit.amount <= amount,
            DirectDebit.amount >= amount - _MOST_RETURN_FEE,
        ).order_by(col(DirectDebit.id).desc())
    ).first()  # fmt: skip
    if debit is not None:
        confirm_file(session, debit.file_id)
        debit.returned_at = clock.now()
        return Found(_gone_back(session, movement, invoice_id, debit.amount), amount - debit.amount)
    back = min(_paid_at_bank(session, invoice_id), amount) if sure else ZERO
    if back <= 0:
        return Found([])
    fee = amount - back if amount - back <= _MOST_RETURN_FEE else ZERO
    return Found(_gone_back(session, movement, invoice_id, back), fee)


def _paid_at_bank(session: Session, invoice_id: int) -> Decimal:
    """What of an invoice was paid by movements at the bank, less what went back."""
    query = text("SELECT sum(amount) FROM payments WHERE invoice_id = :id AND movement_id IS NOT NULL")
    return Decimal(session.scalar(query, {"id": invoice_id}) or 0)


def _gone_back(session: Session, movement: BankMovement, invoice_id: int, amount: Decimal) -> list[PostingDraft]:
    session.add(Payment(movement_id=movement.id, invoice_id=invoice_id, amount=-amount))
    session.flush()
    company_id = session.get_one(IssuedInvoice, invoice_id).company_id
    return [PostingDraft(Account.MEMBERS, debit=amount, company_id=company_id)]
