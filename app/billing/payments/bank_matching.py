"""Money at the bank: statements read once; each movement is booked on the bank's day as what it is, or waits on
suspense until somebody says it."""

from collections import defaultdict
from collections.abc import Sequence
from decimal import Decimal
from typing import NamedTuple

from sqlalchemy import text
from sqlmodel import Session, select

from app.accounts.actor import Actor
from app.accounts.permissions import Permission
from app.accounts.service import get_association
from app.billing.invoicing.queries import MEMBER_INVOICES, OpenInvoice
from app.billing.payments.bank_statements import read_statement
from app.billing.payments.models.bank import BankMovement, Payment
from app.billing.payments.movement_identity import Fresh, fresh_movements, identity_of, is_reference
from app.billing.payments.movements import Movement
from app.billing.payments.payment_references import invoices_named
from app.billing.payments.settlement import Found, Named, match_incoming, match_outgoing, named_invoices, pay, took_back
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
    """Take in a bank statement; what was imported before is passed over.

    Raises `InvalidInput` for no statement, one of another account, or while the association has no IBAN.
    """
    actor.require(Permission.MANAGE_COMMISSION)
    association = get_association(session)
    if not association.iban:
        raise InvalidInput("The association has no IBAN yet: write it down at /association first.", field="iban")
    statement = read_statement(content, association.iban)
    session.execute(text("LOCK TABLE bank_movements IN SHARE ROW EXCLUSIVE MODE"))
    account = association.iban
    fresh = fresh_movements(account, statement.movements, _known(session, account, statement.movements))
    known = named_invoices(session, [one.movement.words for one in fresh])
    matched = sum(_take_in(session, account, one, known) for one in fresh)
    session.flush()
    audit.record(session, actor.label, "statement.imported", association, new=len(fresh), matched=matched)
    return Imported(len(fresh), matched)


def _known(session: Session, account: str, movements: Sequence[Movement]) -> dict[str, list[str]]:
    """The bank's references of the movements that we have, by what they are known by."""
    rows = session.execute(
        text("SELECT identity, reference FROM bank_movements WHERE identity = ANY(:identities) ORDER BY position"),
        {"identities": list({identity_of(account, one) for one in movements})},
    )
    found: defaultdict[str, list[str]] = defaultdict(list)
    for row in rows:
        found[row.identity].append(row.reference)
    return found


def _take_in(session: Session, account: str, fresh: Fresh, known: Named) -> bool:
    """Keep a movement, match it, book it; whether all of it is matched."""
    one = fresh.movement
    number = session.scalar(text("SELECT nextval('bank_movements_id_seq')"))
    stored = BankMovement(
        id=number, number=_number(session, one.reference, int(number or 0)), account=account, reference=one.reference,
        booked_on=one.booked_on, amount=one.amount, counterparty=one.counterparty, words=one.words,
        charges=one.charges, is_return=one.is_return, identity=fresh.identity, position=fresh.position,
        imported_at=clock.now(),
    )  # fmt: skip
    session.add(stored)
    session.flush()
    incoming = stored.gross > 0 if stored.gross else stored.amount > 0
    match = match_incoming if incoming else match_outgoing
    found = match(session, stored, one.batches, known) if stored.gross else Found([])
    rest = abs(stored.gross) - found.fee - sum((side.credit + side.debit for side in found.sides), ZERO)
    sides = list(found.sides)
    if rest:
        if incoming and not sides and _is_from_stripe(stored):
            stored.rest_account = Account.STRIPE
        sides.append(_side(stored.rest_account, rest, incoming=incoming))
    else:
        stored.rest_account = ""
    sides += _sides_of_bank(stored, found.fee)
    label = f"{stored.counterparty} {stored.words}".strip()[:100] or stored.number
    _book(session, stored, "movement", label, *sides)
    return not rest or stored.rest_account != Account.SUSPENSE


def _number(session: Session, reference: str, movement_id: int) -> str:
    """What the books call a movement: the bank's reference where that names it alone, else a number of ours."""
    if not is_reference(reference):
        return f"MVT{movement_id:08d}"
    query = text("SELECT EXISTS (SELECT FROM bank_movements WHERE number = :number)")
    return f"{reference}#{movement_id}" if session.scalar(query, {"number": reference}) else reference


def _sides_of_bank(movement: BankMovement, fee: Decimal) -> list[PostingDraft]:
    """What the account moved by, and what the bank kept for itself."""
    sides = [_side(Account.BANK, abs(movement.amount), incoming=movement.amount < 0)] if movement.amount else []
    kept = movement.charges + fee
    return [*sides, _side(Account.BANK_FEES, abs(kept), incoming=kept < 0)] if kept else sides


def _book(session: Session, movement: BankMovement, purpose: str, label: str, *sides: PostingDraft) -> None:
    """Book what a movement is, on the bank's day."""
    entry = EntryDraft(DocumentType.BANK, movement.number, purpose, label, sides, document_date=movement.booked_on)
    book(session, [entry])


def _side(account: str, amount: Decimal, *, incoming: bool) -> PostingDraft:
    """What an account gives to, or takes from, the bank."""
    return PostingDraft(account, credit=amount) if incoming else PostingDraft(account, debit=amount)


def _is_from_stripe(movement: BankMovement) -> bool:
    return "STRIPE" in f"{movement.counterparty} {movement.words}".upper().split()


def _waiting(session: Session, movement_id: int) -> tuple[BankMovement, Decimal]:
    """A movement and what of it waits on the suspense account. Raises `NotFound`, `Conflict` where nothing waits."""
    movement = session.get(BankMovement, movement_id, with_for_update=True)
    if movement is None:
        raise NotFound("There is no such movement.")
    rest = session.scalar(
        text("""
            SELECT coalesce(sum(p.credit - p.debit), 0) FROM journal_entries e JOIN postings p ON p.entry_id = e.id
            WHERE e.document_type = :bank AND e.document_number = :number AND p.account = :suspense
        """),
        {"number": movement.number, "suspense": Account.SUSPENSE, "bank": DocumentType.BANK},
    )
    if not rest:
        raise Conflict("All of this movement is matched already.", code="matched_already")
    return movement, Decimal(rest)


def assign(session: Session, actor: Actor, movement_id: int, number: str) -> None:
    """Say which invoice the rest of a movement pays, or (money that went out) takes back, less the bank's fee for it.

    Raises `InvalidInput` for none that is open, or of which nothing can go back.
    """
    actor.require(Permission.MANAGE_COMMISSION)
    movement, rest = _waiting(session, movement_id)
    invoice = _invoice_of(session, number)
    if invoice is not None and _pays_already(session, movement_id, invoice.id):
        raise Conflict("This movement pays that invoice already.", code="assigned_already")
    found = Found([])
    if invoice is not None and rest > 0:
        found = Found(pay(session, movement, [invoice], rest))
    elif invoice is not None:
        found = took_back(session, movement, invoice.id, -rest, sure=True)
    if rest < 0 and (invoice is None or not found.sides):
        raise InvalidInput(
            "{number} is no invoice of which this could have gone back.", field="number", number=number.strip()
        )
    if invoice is None or not found.sides:
        raise InvalidInput("{number} is no invoice that is still to be paid.", field="number", number=number.strip())
    amount = sum((side.credit + side.debit for side in found.sides), found.fee)
    if amount == abs(rest):
        movement.rest_account = ""
    sides = [_side(Account.SUSPENSE, amount, incoming=rest < 0), *found.sides]
    if found.fee:
        sides.append(_side(Account.BANK_FEES, found.fee, incoming=False))
    _book(session, movement, f"assign-{invoice.id}", invoice.number, *sides)
    audit.record(session, actor.label, "movement.assigned", movement, invoice=invoice.number, amount=str(amount))


def _invoice_of(session: Session, number: str) -> OpenInvoice | None:
    """The member's invoice that somebody typed the number of, exactly or as payers write it."""
    typed = number.strip()
    rows = session.execute(text(f"{MEMBER_INVOICES} AND upper(i.number) = :number"), {"number": typed.upper()})
    exact = rows.one_or_none()
    if exact is not None:
        return row_as(OpenInvoice, exact)
    known = named_invoices(session, [typed])
    ids = {known[key] for place in invoices_named(typed) for key in place if key in known} - {None}
    if len(ids) != 1:
        return None
    found = session.execute(text(f"{MEMBER_INVOICES} AND i.id = ANY(:ids)"), {"ids": list(ids)})
    return row_as(OpenInvoice, found.one())


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
