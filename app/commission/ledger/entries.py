"""The books: double entry, append-only. Accounts are those of the French chart (*plan comptable général*).

The database holds every entry balanced, refuses changes, and takes postings of an entry only in the transaction
that wrote it (see the triggers in migration 0001).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from sqlalchemy import func, insert, text
from sqlmodel import Session, col, select

from app.commission.ledger.chart import Account
from app.commission.ledger.models import ClosedPeriod, DocumentType, JournalEntry, Posting
from app.core import clock
from app.core.database import rows_as
from app.core.money import ZERO


@dataclass(frozen=True, slots=True)
class PostingDraft:
    """One side of an entry to be booked, in euros: either debit or credit is positive."""

    account: str
    debit: Decimal = ZERO
    credit: Decimal = ZERO
    supplier_id: int | None = None
    company_id: int | None = None


@dataclass(frozen=True, slots=True)
class EntryDraft:
    """An entry to be booked, and the document that causes it; one entry a document and purpose.

    `document_date`: the document's own day, where it is not the present one.
    """

    document_type: DocumentType
    document_number: str
    purpose: str
    label: str
    postings: tuple[PostingDraft, ...]
    document_date: date | None = None


def commission_entry(supplier_order_number: str, supplier_id: int, commission: Decimal) -> EntryDraft:
    """The association's commission on a supplier order, retained from what its supplier is paid."""
    return EntryDraft(
        document_type=DocumentType.SUPPLIER_ORDER,
        document_number=supplier_order_number,
        purpose="commission",
        label=f"Commission {supplier_order_number}",
        postings=(
            PostingDraft(Account.SUPPLIERS, debit=commission, supplier_id=supplier_id),
            PostingDraft(Account.COMMISSION, credit=commission, supplier_id=supplier_id),
        ),
    )


def adjustment_entry(supplier_order_number: str, supplier_id: int, difference: Decimal, purpose: str) -> EntryDraft:
    """What a commission is more (or, negative, less) than was booked before: an entry of its own, never a change."""
    more, less = max(difference, ZERO), max(-difference, ZERO)
    return EntryDraft(
        document_type=DocumentType.SUPPLIER_ORDER,
        document_number=supplier_order_number,
        purpose=purpose,
        label=f"Commission {supplier_order_number}",
        postings=(
            PostingDraft(Account.SUPPLIERS, debit=more, credit=less, supplier_id=supplier_id),
            PostingDraft(Account.COMMISSION, debit=less, credit=more, supplier_id=supplier_id),
        ),
    )


def book(session: Session, drafts: Sequence[EntryDraft]) -> None:
    """Write entries with their postings, in two statements however many there are.

    Each counts on its document's day; where that month is closed, on the first day that is open.
    """
    if not drafts:
        return
    booked_at, today = clock.now(), clock.today()
    first_open = _first_open_day(session) if any(draft.document_date for draft in drafts) else date.min
    entries = session.scalars(
        insert(JournalEntry).returning(col(JournalEntry.id), sort_by_parameter_order=True),
        [
            {
                "booked_at": booked_at,
                "booked_on": max(draft.document_date or today, first_open),
                "document_date": draft.document_date or today,
                "document_type": draft.document_type,
                "document_number": draft.document_number,
                "purpose": draft.purpose,
                "label": draft.label,
            }
            for draft in drafts
        ],
    ).all()
    session.execute(
        insert(Posting),
        [
            {
                "entry_id": entry_id,
                "account": posting.account,
                "supplier_id": posting.supplier_id,
                "company_id": posting.company_id,
                "debit": posting.debit,
                "credit": posting.credit,
            }
            for entry_id, draft in zip(entries, drafts, strict=True)
            for posting in draft.postings
        ],
    )


def _first_open_day(session: Session) -> date:
    """The first day that may be booked on; nobody closes a month until this transaction ends."""
    session.execute(text("LOCK TABLE closed_periods IN ROW EXCLUSIVE MODE"))
    closed = session.scalar(select(func.max(ClosedPeriod.last_day)))
    return closed + timedelta(days=1) if closed else date.min


@dataclass(frozen=True, slots=True)
class AccountBalance:
    """The sums of an account, in euros."""

    account: str
    debit: Decimal
    credit: Decimal


def trial_balance(session: Session) -> list[AccountBalance]:
    """Every account with the sums of its debits and credits, in the order of the accounts."""
    rows = session.execute(
        select(Posting.account, func.sum(Posting.debit).label("debit"), func.sum(Posting.credit).label("credit"))
        .group_by(col(Posting.account))
        .order_by(col(Posting.account))
    )
    return rows_as(AccountBalance, rows)
