"""Money at the bank: statements read once, payments matched with invoices by their numbers, suppliers paid.

What cannot be matched stands on the suspense account until somebody says what it pays.
"""

from collections import defaultdict
from collections.abc import Sequence
from decimal import Decimal
from typing import NamedTuple

from sepaxml import SepaTransfer
from sqlalchemy import text
from sqlmodel import Session, col, select

from app.accounts.actor import Actor
from app.accounts.permissions import Permission
from app.accounts.service import check_iban, get_association
from app.billing.models import BankMovement, Payment, SupplierTransfer
from app.billing.queries import MEMBER_INVOICES, OpenInvoice
from app.billing.service.issuing import MEMBERS
from app.billing.statements import Movement, invoice_numbers_in, read_statement
from app.catalog.models import Supplier
from app.catalog.suppliers import supplier_id_of
from app.commission.ledger import SUPPLIERS, EntryDraft, PostingDraft, book
from app.core import audit, clock
from app.core.errors import Conflict, InvalidInput, NotFound
from app.core.money import ZERO

BANK, SUSPENSE = "512", "471"  # Banques; Comptes d'attente
PAIN_001 = "pain.001.001.09"


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
    sides = _paid_out(session, stored) if stored.amount < 0 else _paid_in(session, stored)
    matched = sum((side.credit + side.debit for side in sides), ZERO)
    rest = abs(stored.amount) - matched
    if rest:
        sides.append(_side(SUSPENSE, rest, incoming=stored.amount > 0))
    sides.append(_side(BANK, abs(stored.amount), incoming=stored.amount < 0))
    label = f"{stored.counterparty} {stored.words}".strip()[:100] or stored.reference
    book(session, [EntryDraft("bank", stored.reference, "movement", label, tuple(sides))])
    return not rest


def _side(account: str, amount: Decimal, *, incoming: bool) -> PostingDraft:
    return PostingDraft(account, credit=amount) if incoming else PostingDraft(account, debit=amount)


def _paid_in(session: Session, movement: BankMovement) -> list[PostingDraft]:
    """Pay the invoices whose numbers stand in a movement, in their order, as far as it reaches."""
    numbers = invoice_numbers_in(movement.words)
    found = _open_by_number(session, numbers)
    return _pay(session, movement, [found[number] for number in numbers if number in found], movement.amount)


def _open_by_number(session: Session, numbers: Sequence[str]) -> dict[str, OpenInvoice]:
    rows = session.execute(text(f"{MEMBER_INVOICES} AND upper(i.number) = ANY(:numbers)"), {"numbers": list(numbers)})
    return {row.number.upper(): OpenInvoice(*row) for row in rows}


def _pay(
    session: Session, movement: BankMovement, invoices: Sequence[OpenInvoice], available: Decimal
) -> list[PostingDraft]:
    by_company: defaultdict[int, Decimal] = defaultdict(lambda: ZERO)
    for invoice in invoices:
        amount = min(invoice.open, available)
        if amount > 0:
            session.add(Payment(movement_id=movement.id or 0, invoice_id=invoice.id, amount=amount))
            by_company[invoice.company_id] += amount
            available -= amount
    session.flush()
    return [PostingDraft(MEMBERS, credit=amount, company_id=company) for company, amount in by_company.items()]


def _paid_out(session: Session, movement: BankMovement) -> list[PostingDraft]:
    """Find the transfer that a movement is, by its reference and amount."""
    references = movement.words.upper().split()
    transfer = session.exec(
        select(SupplierTransfer).where(
            col(SupplierTransfer.reference).in_(references),
            col(SupplierTransfer.movement_id).is_(None),
            SupplierTransfer.amount == -movement.amount,
        )
    ).first()
    if transfer is None:
        return []
    transfer.movement_id = movement.id
    return [PostingDraft(SUPPLIERS, debit=transfer.amount, supplier_id=transfer.supplier_id)]


def unmatched(session: Session, movement: BankMovement) -> Decimal:
    """How much of a movement that came in pays nothing yet."""
    paid = session.scalar(
        text("SELECT coalesce(sum(amount), 0) FROM payments WHERE movement_id = :id"), {"id": movement.id}
    )
    return max(movement.amount - Decimal(paid or 0), ZERO)


def assign(session: Session, actor: Actor, movement_id: int, number: str) -> None:
    """Say which invoice the rest of a movement pays. Raises `InvalidInput` for none that is open."""
    actor.require(Permission.MANAGE_COMMISSION)
    movement = session.get(BankMovement, movement_id, with_for_update=True)
    if movement is None:
        raise NotFound("There is no such movement.")
    invoice = _open_by_number(session, [number.strip().upper()]).get(number.strip().upper())
    if invoice is None or invoice.open <= 0:
        raise InvalidInput("{number} is no invoice that is still to be paid.", field="number", number=number.strip())
    if session.get(Payment, (movement_id, invoice.id)) is not None:
        raise Conflict("This movement pays that invoice already.", code="assigned_already")
    rest = unmatched(session, movement)
    sides = _pay(session, movement, [invoice], rest)
    if not sides:
        raise Conflict("All of this movement is matched already.", code="matched_already")
    amount = sum((side.credit for side in sides), ZERO)
    postings = (PostingDraft(SUSPENSE, debit=amount), *sides)
    book(session, [EntryDraft("bank", movement.reference, f"assign-{invoice.id}", invoice.number, postings)])
    audit.record(session, actor.label, "movement.assigned", movement, invoice=invoice.number, amount=str(amount))


class Payable(NamedTuple):
    """What a supplier can be paid now: what members paid of its invoices, less commission and what was paid before."""

    supplier_id: int
    code: str
    name: str
    iban: str
    paid_in: Decimal
    commission: Decimal
    transferred: Decimal

    @property
    def amount(self) -> Decimal:
        """Euros to be transferred; never negative."""
        return max(self.paid_in - self.commission - self.transferred, ZERO)


def payables(session: Session) -> list[Payable]:
    """Every supplier in whose name something was invoiced, by code."""
    rows = session.execute(
        text("""
            SELECT s.id, s.code, s.name, s.iban,
                coalesce(sum(p.amount) FILTER (WHERE i.kind = 'member' AND k.id IS NULL), 0),
                (SELECT coalesce(sum(c.total), 0) FROM issued_invoices c
                 LEFT JOIN issued_invoices x ON x.corrects_id = c.id
                 WHERE c.supplier_id = s.id AND c.kind = 'commission' AND x.id IS NULL),
                (SELECT coalesce(sum(t.amount), 0) FROM supplier_transfers t WHERE t.supplier_id = s.id)
            FROM suppliers s JOIN issued_invoices i ON i.supplier_id = s.id
            LEFT JOIN issued_invoices k ON k.corrects_id = i.id
            LEFT JOIN payments p ON p.invoice_id = i.id
            GROUP BY s.id ORDER BY s.code
        """)
    )
    return [Payable(*row) for row in rows]


def set_supplier_iban(session: Session, actor: Actor, code: str, iban: str) -> None:
    """Write down where a supplier is paid to. Raises `InvalidInput` for wrong check digits."""
    actor.require(Permission.MANAGE_COMMISSION)
    account = check_iban(iban)
    supplier = session.get_one(Supplier, supplier_id_of(session, code))
    supplier.iban = account
    session.flush()
    audit.record(session, actor.label, "supplier.iban_set", supplier, last_digits=supplier.iban[-4:])


def make_transfers(session: Session, actor: Actor) -> bytes:
    """The file of transfers for the bank that pays every supplier what it can be paid (ISO 20022, pain.001.001.09).

    Written down at once, so that nobody is paid twice. Raises `Conflict` where there is nothing to pay, `InvalidInput`
    without the association's IBAN.
    """
    actor.require(Permission.MANAGE_COMMISSION)
    session.execute(text("LOCK TABLE supplier_transfers IN SHARE ROW EXCLUSIVE MODE"))
    association = get_association(session)
    if not association.iban:
        raise InvalidInput("The association has no IBAN yet: write it down at /association first.", field="iban")
    due = [one for one in payables(session) if one.amount and one.iban]
    if not due:
        raise Conflict("There is no supplier to pay whose IBAN is known.", code="nothing_to_pay")
    file = SepaTransfer({"name": association.name[:70], "IBAN": association.iban, "batch": True, "currency": "EUR"},
                        schema=PAIN_001)  # fmt: skip
    for one in due:
        number = session.scalar(text("SELECT nextval('supplier_transfers_id_seq')"))
        transfer = SupplierTransfer(
            id=number, reference=f"VIR{number:08d}", supplier_id=one.supplier_id, amount=one.amount,
            made_at=clock.now(), made_by=actor.label,
        )  # fmt: skip
        session.add(transfer)
        file.add_payment({
            "name": one.name[:70], "IBAN": one.iban, "amount": int(one.amount * 100),
            "execution_date": clock.today(), "description": f"{transfer.reference} {association.name}"[:140],
            "endtoend_id": transfer.reference,
        })  # fmt: skip
        audit.record(session, actor.label, "supplier.transfer_made", transfer, amount=str(one.amount))
    session.flush()
    content: bytes = file.export(validate=True)
    return content
