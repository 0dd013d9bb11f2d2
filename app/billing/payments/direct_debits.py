"""Direct debits: a member company gives its mandate; invoices that fall due are collected by a file for the bank."""

from datetime import date, timedelta
from typing import Any

from sepaxml import SepaDD
from sqlalchemy import Row, text
from sqlmodel import Session, col, select

from app.accounts.actor import Actor
from app.accounts.permissions import Permission
from app.accounts.service import check_iban, get_association
from app.billing.invoicing.queries import MEMBER_INVOICES
from app.billing.payments.bank_days import bank_day_from
from app.billing.payments.models.bank import DirectDebit, SepaMandate
from app.billing.payments.models.outgoing_files import FileKind, OutgoingFile
from app.billing.payments.outgoing_files import keep_file
from app.billing.payments.payment_methods import pay_by_transfer
from app.billing.payments.sepa_files import as_identification, batches_of, finish
from app.core import audit, clock
from app.core.errors import Conflict, InvalidInput, NotFound
from app.core.money import ZERO

PAIN_008 = "pain.008.001.08"
COLLECTED_BEFORE = timedelta(days=7)  # invoices that fall due within so long are collected
_NOTICE = 2  # bank days, the least a bank needs


def sign_mandate(session: Session, actor: Actor, iban: str) -> SepaMandate:
    """Let the association debit the actor's firm for its invoices; an earlier mandate is revoked by it."""
    actor.require(Permission.MANAGE_COMPANY)
    account = check_iban(iban)
    company_id = actor.require_company()
    pay_by_transfer(session, company_id)
    number = session.scalar(text("SELECT nextval('sepa_mandates_id_seq')"))
    mandate = SepaMandate(
        id=number, company_id=company_id, reference=f"RUM{number:08d}", iban=account,
        signed_at=clock.now(), signed_by=actor.label,
    )  # fmt: skip
    session.add(mandate)
    session.flush()
    audit.record(session, actor.label, "mandate.signed", mandate, reference=mandate.reference)
    return mandate


def revoke_mandate(session: Session, actor: Actor) -> None:
    """Pay by transfer again."""
    actor.require(Permission.MANAGE_COMPANY)
    mandate = mandate_of(session, actor.require_company())
    if mandate is None:
        raise NotFound("Your firm has given no mandate.")
    pay_by_transfer(session, mandate.company_id)
    audit.record(session, actor.label, "mandate.revoked", mandate, reference=mandate.reference)


def mandate_of(session: Session, company_id: int) -> SepaMandate | None:
    """The mandate of a company that is in force."""
    query = select(SepaMandate).where(SepaMandate.company_id == company_id, col(SepaMandate.revoked_at).is_(None))
    return session.exec(query).one_or_none()


_DUE = f"""
    SELECT i.id, i.number, i.due_on, i.open, m.id AS mandate_id, m.reference, m.iban, m.signed_at, c.name,
        EXISTS (SELECT FROM direct_debits d WHERE d.mandate_id = m.id AND d.taken_back_at IS NULL) AS debited_before
    FROM ({MEMBER_INVOICES}) i
    JOIN companies c ON c.id = i.company_id
    JOIN sepa_mandates m ON m.company_id = c.id AND m.revoked_at IS NULL
    WHERE i.open > 0 AND i.due_on <= :until AND NOT EXISTS (
        SELECT FROM direct_debits d WHERE d.invoice_id = i.id AND d.returned_at IS NULL AND d.taken_back_at IS NULL)
    ORDER BY i.id
"""


def make_debits(session: Session, actor: Actor) -> OutgoingFile:
    """The file that collects what falls due within a week from the firms that gave a mandate (pain.008.001.08).

    Each invoice is collected once, until the file is taken back or the bank returns the debit; its number stands in
    the words, so that the statement matches it. Raises `Conflict` where nothing is due, `InvalidInput` without the
    association's IBAN and creditor identifier.
    """
    actor.require(Permission.MANAGE_COMMISSION)
    session.execute(text("LOCK TABLE direct_debits IN SHARE ROW EXCLUSIVE MODE"))
    association = get_association(session)
    if not (association.iban and association.creditor_id):
        raise InvalidInput(
            "Direct debits need the association's IBAN and creditor identifier: write them down at /association."
        )
    due = session.execute(text(_DUE), {"until": clock.today() + COLLECTED_BEFORE}).all()
    if not due:
        raise Conflict("No invoice of a firm with a mandate falls due within a week.", code="nothing_to_collect")
    creditor = {"name": association.name[:70], "IBAN": association.iban, "creditor_id": association.creditor_id}
    file = SepaDD({**creditor, "batch": True, "currency": "EUR"}, schema=PAIN_008)
    first_debits: set[int] = set()
    debits = []
    for row in due:
        is_first = not row.debited_before and row.mandate_id not in first_debits
        first_debits.add(row.mandate_id)
        collect_on = bank_day_from(max(row.due_on, bank_day_from(clock.today(), _NOTICE)))
        file.add_payment(_as_entry(row, collect_on, is_first=is_first))
        debits.append(DirectDebit(
            invoice_id=row.id, mandate_id=row.mandate_id, amount=row.open, collect_on=collect_on, made_at=clock.now(),
            made_by=actor.label,
        ))  # fmt: skip
    content = finish(file.export(validate=False), PAIN_008)
    kept = keep_file(session, actor, FileKind.DEBITS, content, len(due), sum((row.open for row in due), ZERO))
    batches = batches_of(content)
    for debit, row in zip(debits, due, strict=True):
        debit.file_id, debit.batch = kept.id, batches[as_identification(row.number)]
    session.add_all(debits)
    session.flush()
    audit.record(session, actor.label, "debits.made", association, invoices=[row.number for row in due])
    return kept


def _as_entry(row: Row[Any], collect_on: date, *, is_first: bool) -> dict[str, Any]:
    """A due invoice as an entry of a file."""
    return {
        "name": row.name[:70], "IBAN": row.iban, "amount": int(row.open * 100),
        "type": "FRST" if is_first else "RCUR", "collection_date": collect_on, "mandate_id": row.reference,
        "mandate_date": row.signed_at.astimezone(clock.PARIS).date(), "description": row.number,
        "endtoend_id": as_identification(row.number),
    }  # fmt: skip


def take_back_debits(session: Session, file_id: int) -> None:
    """Let the invoices of a file that was taken back be collected again."""
    for debit in session.exec(select(DirectDebit).where(DirectDebit.file_id == file_id).with_for_update()):
        debit.taken_back_at = clock.now()
    session.flush()
