"""Paying by files of transfers: suppliers what members paid of their invoices less commission, firms what they paid too
much."""

from decimal import Decimal
from typing import NamedTuple

from sepaxml import SepaTransfer
from sqlalchemy import text
from sqlmodel import Session, select

from app.accounts.actor import Actor
from app.accounts.bank_accounts import Place, iban_holds
from app.accounts.models import Company
from app.accounts.permissions import Permission
from app.accounts.service import check_iban, get_association
from app.billing.invoicing.invoice import InvoiceKind
from app.billing.invoicing.queries import MEMBER_INVOICES
from app.billing.payments.bank_days import bank_day_from
from app.billing.payments.models.bank import Transfer
from app.billing.payments.models.outgoing_files import FileKind, OutgoingFile
from app.billing.payments.outgoing_files import keep_file
from app.billing.payments.sepa_files import batches_of, finish
from app.catalog.models import Supplier
from app.core import audit, clock
from app.core.database import rows_as
from app.core.errors import Conflict, InvalidInput, NotFound
from app.core.money import ZERO
from app.supplying.models.invoices import AGREED_INVOICES

PAIN_001 = "pain.001.001.09"

IBANS = Place(Permission.MANAGE_COMMISSION, "/payments")


class Payable(NamedTuple):
    """What a supplier can be paid now: what members paid of its invoices (and it invoiced, if by itself), less
    commission and what was paid before."""

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


# By supplier: sold to members and still open of it; commission with VAT, invoiced (credits taken off) or, of orders
# that are invoiced to members, still to be; what was paid out.
_PAYABLES = """
    WITH documents AS (
        SELECT supplier_id,
            sum(CASE kind WHEN :credit_note THEN -total ELSE total END) FILTER (WHERE company_id IS NOT NULL) AS sold,
            sum(CASE kind WHEN :credit_note THEN -total ELSE total END) FILTER (WHERE company_id IS NULL) AS commission
        FROM issued_invoices WHERE supplier_id IS NOT NULL GROUP BY supplier_id
    ), still_open AS (
        SELECT supplier_id, sum(open) AS amount FROM invoice_balances WHERE open > 0 GROUP BY supplier_id
    ), accrued AS (
        SELECT o.supplier_id, round(1.2 * sum(o.commission - coalesce(
            (SELECT sum(i.amount) FROM invoiced_commissions i WHERE i.supplier_order_id = o.id), 0)), 2) AS commission
        FROM supplier_orders o WHERE EXISTS (
            SELECT FROM allocations a JOIN invoiced_lines l ON l.order_line_id = a.order_line_id
            WHERE a.supplier_order_id = o.id)
        GROUP BY o.supplier_id
    )
    SELECT s.id AS supplier_id, s.code, s.name, s.iban,
        least(
            coalesce(d.sold, 0) - coalesce(p.amount, 0),
            CASE WHEN s.invoices_itself THEN coalesce((SELECT sum(n.total_amount) FROM supplier_invoices n
                WHERE n.supplier_id = s.id AND n.status = ANY(:agreed)), 0) END
        ) AS paid_in,
        coalesce(d.commission, 0) + coalesce(c.commission, 0) AS commission,
        coalesce((SELECT sum(t.amount) FROM transfers t WHERE t.supplier_id = s.id
                AND t.returned_at IS NULL AND (t.taken_back_at IS NULL OR t.movement_id IS NOT NULL)), 0)
            + coalesce((SELECT sum(c.to_supplier) FROM collections c JOIN issued_invoices n ON n.id = c.invoice_id
                        WHERE n.supplier_id = s.id), 0) AS transferred
    FROM documents d JOIN suppliers s ON s.id = d.supplier_id
    LEFT JOIN still_open p ON p.supplier_id = s.id LEFT JOIN accrued c ON c.supplier_id = s.id
    ORDER BY s.code
"""


def payables(session: Session) -> list[Payable]:
    """Every supplier in whose name something was invoiced, by code."""
    parameters = {"credit_note": InvoiceKind.CREDIT_NOTE, "agreed": list(AGREED_INVOICES)}
    return rows_as(Payable, session.execute(text(_PAYABLES), parameters))


class Excess(NamedTuple):
    """What a firm paid too much of an invoice and gets back by transfer; what was paid by card goes back to it."""

    invoice_id: int
    number: str
    company: str
    code: str
    iban: str
    amount: Decimal


def excesses(session: Session) -> list[Excess]:
    """What is to be paid back to firms by transfer, by invoice."""
    rows = session.execute(
        text(f"""
            SELECT i.id AS invoice_id, i.number, c.name AS company, c.code,
                coalesce(nullif(c.iban, ''), m.iban, '') AS iban,
                -i.open - pending.total AS amount
            FROM ({MEMBER_INVOICES}) i JOIN companies c ON c.id = i.company_id
            LEFT JOIN LATERAL (
                SELECT iban FROM sepa_mandates WHERE company_id = c.id ORDER BY id DESC LIMIT 1
            ) m ON true
            CROSS JOIN LATERAL (
                SELECT coalesce((SELECT sum(t.amount) FROM transfers t
                                 WHERE t.invoice_id = i.id AND t.movement_id IS NULL
                                     AND t.taken_back_at IS NULL), 0)
                    + coalesce((SELECT sum(n.received - coalesce((
                            SELECT sum(r.amount) FROM refunds r WHERE r.collection_id = n.id AND r.failure <> ''), 0))
                        FROM collections n WHERE n.invoice_id = i.id), 0) AS total
            ) pending
            WHERE i.open < 0 AND -i.open > pending.total ORDER BY i.id
        """)
    )
    return rows_as(Excess, rows)


def set_iban(session: Session, actor: Actor, code: str, iban: str) -> None:
    """Write down where a supplier is paid to, or a firm paid back: it holds once a second person has given the same.

    Raises `InvalidInput` for wrong check digits.
    """
    actor.require(Permission.MANAGE_COMMISSION)
    account = check_iban(iban)
    party = (
        session.exec(select(Supplier).where(Supplier.code == code)).first()
        or session.exec(select(Company).where(Company.code == code)).first()
    )
    if party is None:
        raise NotFound("There is no supplier and no firm {party}.", party=code)
    if not iban_holds(session, actor, code, party.iban or "", account, IBANS):
        return
    party.iban = account
    session.flush()
    audit.record(session, actor.label, "iban.set", party, last_digits=account[-4:])


def make_transfers(session: Session, actor: Actor) -> OutgoingFile:
    """The file of transfers for the bank that pays every supplier and firm what is theirs (ISO 20022, pain.001.001.09).

    Written down at once, so that nobody is paid twice, until the file is taken back. Raises `Conflict` where there is
    nothing to pay, `InvalidInput` without the association's IBAN.
    """
    actor.require(Permission.MANAGE_COMMISSION)
    session.execute(text("LOCK TABLE transfers IN SHARE ROW EXCLUSIVE MODE"))
    association = get_association(session)
    if not association.iban:
        raise InvalidInput("The association has no IBAN yet: write it down at /association first.", field="iban")
    due = _due(session)
    if not due:
        raise Conflict("There is no supplier to pay whose IBAN is known.", code="nothing_to_pay")
    file = SepaTransfer({"name": association.name[:70], "IBAN": association.iban, "batch": True, "currency": "EUR"},
                        schema=PAIN_001)  # fmt: skip
    transfers = []
    for one in due:
        number = session.scalar(text("SELECT nextval('transfers_id_seq')"))
        transfer = Transfer(
            id=number, reference=f"VIR{number:08d}", supplier_id=one.supplier_id, invoice_id=one.invoice_id,
            amount=one.amount, made_at=clock.now(), made_by=actor.label,
        )  # fmt: skip
        transfers.append(transfer)
        file.add_payment({
            "name": one.name[:70], "IBAN": one.iban, "amount": int(one.amount * 100),
            "execution_date": bank_day_from(clock.today()), "endtoend_id": transfer.reference,
            "description": f"{transfer.reference} {association.name}"[:140],
        })  # fmt: skip
    content = finish(file.export(validate=False), PAIN_001)
    kept = keep_file(session, actor, FileKind.TRANSFERS, content, len(due), sum((one.amount for one in due), ZERO))
    batches = batches_of(content)
    for transfer in transfers:
        transfer.file_id, transfer.batch = kept.id, batches[transfer.reference]
        session.add(transfer)
        audit.record(session, actor.label, "transfer.made", transfer, amount=str(transfer.amount))
    session.flush()
    return kept


def _due(session: Session) -> list["_Due"]:
    """What can be paid now: to suppliers, and back to firms, whose IBAN is known."""
    due = [
        *(_Due(one.name, one.iban, one.amount, supplier_id=one.supplier_id) for one in payables(session)),
        *(_Due(one.company, one.iban, one.amount, invoice_id=one.invoice_id) for one in excesses(session)),
    ]
    return [one for one in due if one.amount and one.iban]


def take_back_transfers(session: Session, file_id: int) -> None:
    """Let what a file was to pay be paid by another one, now that it was taken back."""
    for transfer in session.exec(select(Transfer).where(Transfer.file_id == file_id).with_for_update()):
        transfer.taken_back_at = clock.now()
    session.flush()


class _Due(NamedTuple):
    name: str
    iban: str
    amount: Decimal
    supplier_id: int | None = None
    invoice_id: int | None = None
