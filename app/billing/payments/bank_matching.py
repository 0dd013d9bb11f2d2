"""Money at the bank: statements read once; each movement is matched with what it pays, or waits on suspense.

Money that comes in pays the invoices whose numbers stand in its words, or is what Stripe pays out. Money that goes out
is a transfer of ours by its reference, or a debit that a firm's bank took back.
"""

from collections import defaultdict
from collections.abc import Sequence
from decimal import Decimal
from typing import NamedTuple

from sqlalchemy import text
from sqlmodel import Session, col, select

from app.accounts.actor import Actor
from app.accounts.permissions import Permission
from app.accounts.service import get_association
from app.billing.invoicing.models import IssuedInvoice
from app.billing.invoicing.queries import MEMBER_INVOICES, OpenInvoice
from app.billing.payments.bank_statements import Movement, invoice_numbers_in, read_statement
from app.billing.payments.models.bank import BankMovement, DirectDebit, Payment, Transfer
from app.billing.payments.outgoing_files import confirm_file
from app.commission.ledger.chart import Account
from app.commission.ledger.entries import EntryDraft, PostingDraft, book
from app.commission.ledger.models import DocumentType
from app.core import audit, clock
from app.core.database import row_as
from app.core.errors import Conflict, InvalidInput, NotFound
from app.core.money import ZERO

REST_ACCOUNTS = (Account.STRIPE, Account.BANK_FEES, Account.OTHER)  # what a movement can be that pays no invoice


class Imported(NamedTuple):
    """What an import came to: movements that are new, and how many of them are matched whole."""

    new: int
    matched: int


def import_statement(session: Session, actor: Actor, content: bytes) -> Imported:
    """Take in a bank statement; what was imported before is passed over. Raises `InvalidInput` for no statement."""
    actor.require(Permission.MANAGE_COMMISSION)
    session.execute(text("LOCK TABLE bank_movements IN SHARE ROW EXCLUSIVE MODE"))
    movements = read_statement(content)
    known = set(session.scalars(
        text("SELECT reference FROM bank_movements WHERE reference = ANY(:refs)"),
        {"refs": [one.reference for one in movements]},
    ))  # fmt: skip
    fresh = [one for one in movements if one.reference not in known and one.amount]
    matched = sum(_take_in(session, one) for one in fresh)
    session.flush()
    audit.record(session, actor.label, "statement.imported", get_association(session), new=len(fresh), matched=matched)
    return Imported(len(fresh), matched)


def _take_in(session: Session, movement: Movement) -> bool:
    """Keep a movement, match it, book it; whether all of it is matched."""
    stored = BankMovement(**movement._asdict(), imported_at=clock.now())
    session.add(stored)
    session.flush()
    incoming = stored.amount > 0
    sides = _paid_in(session, stored) if incoming else _paid_out(session, stored)
    rest = abs(stored.amount) - sum((side.credit + side.debit for side in sides), ZERO)
    if rest:
        if incoming and not sides and _is_from_stripe(stored):
            stored.rest_account = Account.STRIPE
        sides.append(_side(stored.rest_account, rest, incoming=incoming))
    else:
        stored.rest_account = ""
    sides.append(_side(Account.BANK, abs(stored.amount), incoming=not incoming))
    label = f"{stored.counterparty} {stored.words}".strip()[:100] or stored.reference
    _book(session, stored, "movement", label, *sides)
    return not rest or stored.rest_account != Account.SUSPENSE


def _book(session: Session, movement: BankMovement, purpose: str, label: str, *sides: PostingDraft) -> None:
    """Book what a movement is, on the bank's day."""
    entry = EntryDraft(DocumentType.BANK, movement.reference, purpose, label, sides, document_date=movement.booked_on)
    book(session, [entry])


def _side(account: str, amount: Decimal, *, incoming: bool) -> PostingDraft:
    """What an account gives to, or takes from, the bank."""
    return PostingDraft(account, credit=amount) if incoming else PostingDraft(account, debit=amount)


def _is_from_stripe(movement: BankMovement) -> bool:
    return "STRIPE" in f"{movement.counterparty} {movement.words}".upper().split()


def _paid_in(session: Session, movement: BankMovement) -> list[PostingDraft]:
    """Pay the invoices whose numbers stand in a movement, in their order, as far as it reaches."""
    numbers = invoice_numbers_in(movement.words)
    found = _open_by_number(session, numbers)
    return _pay(session, movement, [found[number] for number in numbers if number in found], movement.amount)


def _open_by_number(session: Session, numbers: Sequence[str]) -> dict[str, OpenInvoice]:
    rows = session.execute(text(f"{MEMBER_INVOICES} AND upper(i.number) = ANY(:numbers)"), {"numbers": list(numbers)})
    return {row.number.upper(): row_as(OpenInvoice, row) for row in rows}


def _pay(
    session: Session, movement: BankMovement, invoices: Sequence[OpenInvoice], available: Decimal
) -> list[PostingDraft]:
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
        debit.movement_id = movement.id
        confirm_file(session, debit.file_id)


def _paid_out(session: Session, movement: BankMovement) -> list[PostingDraft]:
    """Find the transfer that a movement is, by its reference and amount; else the debit that it takes back."""
    transfer = session.exec(
        select(Transfer).where(
            col(Transfer.reference).in_(movement.words.upper().split()),
            col(Transfer.movement_id).is_(None),
            Transfer.amount == -movement.amount,
        )
    ).first()
    if transfer is None:
        return _debit_returned(session, movement)
    transfer.movement_id = movement.id
    confirm_file(session, transfer.file_id)
    if transfer.invoice_id is None:
        return [PostingDraft(Account.SUPPLIERS, debit=transfer.amount, supplier_id=transfer.supplier_id)]
    return _gone_back(session, movement, transfer.invoice_id, transfer.amount)


def _debit_returned(session: Session, movement: BankMovement) -> list[PostingDraft]:
    """A direct debit that a firm's bank took back: the invoice is open again, and can be collected again."""
    debit = session.exec(
        select(DirectDebit)
        .join(IssuedInvoice, col(IssuedInvoice.id) == DirectDebit.invoice_id)
        .where(
            col(IssuedInvoice.number).in_(invoice_numbers_in(movement.words)),
            col(DirectDebit.returned_at).is_(None),
            DirectDebit.amount == -movement.amount,
        )
    ).first()
    if debit is None:
        return []
    debit.returned_at = clock.now()
    confirm_file(session, debit.file_id)
    return _gone_back(session, movement, debit.invoice_id, debit.amount)


def _gone_back(session: Session, movement: BankMovement, invoice_id: int, amount: Decimal) -> list[PostingDraft]:
    session.add(Payment(movement_id=movement.id, invoice_id=invoice_id, amount=-amount))
    session.flush()
    company_id = session.get_one(IssuedInvoice, invoice_id).company_id
    return [PostingDraft(Account.MEMBERS, debit=amount, company_id=company_id)]


def _waiting(session: Session, movement_id: int) -> tuple[BankMovement, Decimal]:
    """A movement and what of it waits on the suspense account. Raises `NotFound`, `Conflict` where nothing waits."""
    movement = session.get(BankMovement, movement_id, with_for_update=True)
    if movement is None:
        raise NotFound("There is no such movement.")
    rest = session.scalar(
        text("""
            SELECT coalesce(sum(p.credit - p.debit), 0) FROM journal_entries e JOIN postings p ON p.entry_id = e.id
            WHERE e.document_type = :bank AND e.document_number = :reference AND p.account = :suspense
        """),
        {"reference": movement.reference, "suspense": Account.SUSPENSE, "bank": DocumentType.BANK},
    )
    if not rest:
        raise Conflict("All of this movement is matched already.", code="matched_already")
    return movement, Decimal(rest)


def assign(session: Session, actor: Actor, movement_id: int, number: str) -> None:
    """Say which invoice the rest of a movement pays. Raises `InvalidInput` for none that is open."""
    actor.require(Permission.MANAGE_COMMISSION)
    movement, rest = _waiting(session, movement_id)
    invoice = _open_by_number(session, [number.strip().upper()]).get(number.strip().upper())
    if invoice is None or invoice.open <= 0 or rest < 0:
        raise InvalidInput("{number} is no invoice that is still to be paid.", field="number", number=number.strip())
    if _pays_already(session, movement_id, invoice.id):
        raise Conflict("This movement pays that invoice already.", code="assigned_already")
    sides = _pay(session, movement, [invoice], rest)
    amount = sum((side.credit for side in sides), ZERO)
    if amount == rest:
        movement.rest_account = ""
    suspense = PostingDraft(Account.SUSPENSE, debit=amount)
    _book(session, movement, f"assign-{invoice.id}", invoice.number, suspense, *sides)
    audit.record(session, actor.label, "movement.assigned", movement, invoice=invoice.number, amount=str(amount))


def _pays_already(session: Session, movement_id: int, invoice_id: int) -> bool:
    query = select(Payment.id).where(Payment.movement_id == movement_id, Payment.invoice_id == invoice_id)
    return session.exec(query).first() is not None


def assign_account(session: Session, actor: Actor, movement_id: int, account: str) -> None:
    """Say that the rest of a movement pays no invoice: Stripe's payout, the bank's fees, or something else (467)."""
    actor.require(Permission.MANAGE_COMMISSION)
    if account not in REST_ACCOUNTS:
        raise InvalidInput("{account} is none of the accounts to choose from.", field="account", account=account)
    movement, rest = _waiting(session, movement_id)
    movement.rest_account = account
    amount = abs(rest)
    sides = (_side(Account.SUSPENSE, amount, incoming=rest < 0), _side(account, amount, incoming=rest > 0))
    _book(session, movement, f"assign-{account}", account, *sides)
    audit.record(session, actor.label, "movement.assigned", movement, account=account, amount=str(amount))
