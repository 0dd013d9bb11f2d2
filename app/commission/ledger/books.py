"""The books as accountants and the tax administration read them: trial balance, general ledger, aged balance, FEC."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from sqlalchemy import text
from sqlmodel import Session

from app.commission.ledger.chart import WITH_PARTY, label_of
from app.commission.ledger.models import DocumentType
from app.core.clock import PARIS
from app.core.database import row_as
from app.core.money import ZERO
from app.core.pagination import Page, decode_cursor, page_of

_JOURNALS = {
    DocumentType.SUPPLIER_ORDER: ("COM", "Commissions"),
    DocumentType.INVOICE: ("VT", "Ventes"),
    DocumentType.BANK: ("BQ", "Banque"),
    DocumentType.STRIPE: ("ST", "Stripe"),
    DocumentType.PURCHASE: ("AC", "Achats"),
}
_OTHER = ("OD", "Opérations diverses")

# Article A47 A-1 of the Livre des procédures fiscales, in its order.
FEC_COLUMNS = (
    *("JournalCode", "JournalLib", "EcritureNum", "EcritureDate", "CompteNum", "CompteLib", "CompAuxNum", "CompAuxLib"),
    *("PieceRef", "PieceDate", "EcritureLib", "Debit", "Credit", "EcritureLet", "DateLet", "ValidDate"),
    *("Montantdevise", "Idevise"),
)


class TrialRow(NamedTuple):
    """An account over a time: its debits and credits, in euros."""

    account: str
    label: str
    debit: Decimal
    credit: Decimal

    @property
    def balance(self) -> Decimal:
        """Debit less credit."""
        return self.debit - self.credit


def trial_balance(session: Session, first: date, last: date) -> list[TrialRow]:
    """The accounts with anything booked between two days, in their order."""
    rows = session.execute(
        text("""
            SELECT p.account, sum(p.debit) AS debit, sum(p.credit) AS credit
            FROM postings p JOIN journal_entries e ON e.id = p.entry_id
            WHERE e.booked_on BETWEEN :first AND :last GROUP BY p.account ORDER BY p.account
        """),
        {"first": first, "last": last},
    )
    return [TrialRow(row.account, label_of(row.account), row.debit, row.credit) for row in rows]


class LedgerRow(NamedTuple):
    """A posting of an account, with the balance that it leaves."""

    id: int
    booked_on: date
    document: str
    label: str
    third_party: str
    debit: Decimal
    credit: Decimal
    balance: Decimal
    entry_id: int


def general_ledger(
    session: Session, account: str, first: date, last: date, cursor: str | None, limit: int
) -> Page[LedgerRow]:
    """The postings of an account between two days in their order, the balance running from before the first day."""
    after = decode_cursor(cursor, date.fromisoformat, int, int)
    rows = session.execute(
        text("""
            SELECT p.id, e.booked_on, e.document_number AS document, e.label,
                coalesce(s.name, c.name, '') AS third_party, p.debit, p.credit, e.id AS entry_id
            FROM postings p JOIN journal_entries e ON e.id = p.entry_id
            LEFT JOIN suppliers s ON s.id = p.supplier_id LEFT JOIN companies c ON c.id = p.company_id
            WHERE p.account = :account AND e.booked_on BETWEEN :first AND :last
                AND (CAST(:day AS date) IS NULL OR (e.booked_on, e.id, p.id) > (:day, :entry, :id))
            ORDER BY e.booked_on, e.id, p.id LIMIT :limit
        """),
        {
            **{"account": account, "first": first, "last": last, "limit": limit + 1},
            **dict(zip(("day", "entry", "id"), after or (None, None, None), strict=True)),
        },
    ).all()
    balance = _balance_before(session, account, rows[0].booked_on, rows[0].entry_id, rows[0].id) if rows else ZERO
    found = []
    for row in rows:
        balance += row.debit - row.credit
        found.append(row_as(LedgerRow, row, balance=balance))
    return page_of(found, limit, lambda row: (row.booked_on.isoformat(), row.entry_id, row.id))


def _balance_before(session: Session, account: str, booked_on: date, entry_id: int, posting_id: int) -> Decimal:
    """Debit less credit of an account before a posting."""
    balance = session.scalar(
        text("""
            SELECT sum(p.debit - p.credit) FROM postings p JOIN journal_entries e ON e.id = p.entry_id
            WHERE p.account = :account AND (e.booked_on, e.id, p.id) < (:day, :entry, :id)
        """),
        {"account": account, "day": booked_on, "entry": entry_id, "id": posting_id},
    )
    return Decimal(balance or 0)


def fec_lines(session: Session, year: int) -> Iterator[list[str]]:
    """The lines of the *Fichier des écritures comptables* of a calendar year: one a posting, by entry and number.

    Entries are numbered without a gap in the order of their days; amounts have a decimal comma, days are YYYYMMDD.
    `EcritureDate` is the day that an entry counts on, `PieceDate` its document's own (the bank's day of a movement),
    `ValidDate` the day on which it was written for good. Source: article A47 A-1 of the Livre des procédures fiscales.
    """
    rows = session.execute(
        text("""
            SELECT e.document_type, dense_rank() OVER (ORDER BY e.booked_on, e.id) AS number, e.booked_on,
                e.document_date, e.booked_at, p.account,
                coalesce(s.code, c.code, '') AS party, coalesce(s.name, c.name, '') AS party_name, e.document_number,
                e.label, p.debit, p.credit
            FROM journal_entries e JOIN postings p ON p.entry_id = e.id
            LEFT JOIN suppliers s ON s.id = p.supplier_id LEFT JOIN companies c ON c.id = p.company_id
            WHERE e.booked_on >= make_date(:year, 1, 1) AND e.booked_on < make_date(:year + 1, 1, 1)
            ORDER BY e.booked_on, e.id, p.id
        """),
        {"year": year},
    )
    for row in rows:
        code, label = _JOURNALS.get(row.document_type, _OTHER)
        day, document_day, written_day = (
            f"{one:%Y%m%d}" for one in (row.booked_on, row.document_date, row.booked_at.astimezone(PARIS))
        )
        has_party = row.account in WITH_PARTY
        yield [
            *(code, label, str(row.number), day, row.account, label_of(row.account) or row.account),
            *((row.party, _plain(row.party_name)) if has_party else ("", "")),
            *(row.document_number, document_day, _plain(row.label), _comma(row.debit), _comma(row.credit)),
            *("", "", written_day, "", ""),
        ]


def fec_file(session: Session, year: int) -> bytes:
    """The file: a header, then a line a posting, parted by tabs, in UTF-8."""
    lines = ["\t".join(FEC_COLUMNS), *("\t".join(line) for line in fec_lines(session, year))]
    return ("\r\n".join(lines) + "\r\n").encode("utf-8")


def fec_name(siret: str, year: int) -> str:
    """The name that the law asks for: SIREN, `FEC`, the last day of the year."""
    return f"{siret[:9] or '000000000'}FEC{year}1231.txt"


def _comma(amount: Decimal) -> str:
    return f"{amount or ZERO:.2f}".replace(".", ",")


def _plain(words: str) -> str:
    """Text without what parts the file."""
    return " ".join(words.split())
