"""The books: the database holds entries balanced and unchanged."""

from decimal import Decimal

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session

from app.commission.ledger.entries import EntryDraft, PostingDraft, book, commission_entry, trial_balance
from tests.factories import World


def test_a_commission_is_booked_against_its_supplier(world: World, session: Session, check_constraints) -> None:
    supplier = world.a_supplier()
    book(session, [commission_entry("2026-10-S1", supplier.id or 0, Decimal("12.34"))])
    check_constraints()
    assert [(b.account, b.debit, b.credit) for b in trial_balance(session)] == [
        ("401", Decimal("12.34"), Decimal("0.00")),
        ("7082", Decimal("0.00"), Decimal("12.34")),
    ]


def draft(debit: str, credit: str, number: str = "1") -> EntryDraft:
    postings = (PostingDraft("401", debit=Decimal(debit)), PostingDraft("7082", credit=Decimal(credit)))
    return EntryDraft("test", number, "commission", "Test", postings)


def test_an_entry_that_does_not_balance_is_refused(world: World, session: Session, check_constraints) -> None:
    book(session, [draft("10.00", "9.99")])
    with pytest.raises(IntegrityError, match="does not balance"):
        check_constraints()


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE postings SET debit = 5 WHERE debit > 0",
        "DELETE FROM postings",
        "TRUNCATE postings",
        "UPDATE journal_entries SET label = 'x'",
        "DELETE FROM journal_entries",
    ],
)
def test_nothing_in_the_books_is_ever_changed(world: World, session: Session, check_constraints, change: str) -> None:
    book(session, [draft("10.00", "10.00")])
    check_constraints()
    with pytest.raises(IntegrityError, match="append-only"):
        session.execute(text(change))


def test_a_document_is_booked_once_for_a_purpose(world: World, session: Session) -> None:
    book(session, [draft("10.00", "10.00")])
    with pytest.raises(IntegrityError, match="uq_journal_entries_document"):
        book(session, [draft("3.00", "3.00")])


def test_an_entry_of_an_earlier_transaction_takes_no_more_postings(own_engine) -> None:
    with Session(own_engine) as session, session.begin():
        book(session, [draft("10.00", "10.00")])
    with Session(own_engine) as session, pytest.raises(IntegrityError, match="is closed"), session.begin():
        session.execute(
            text("INSERT INTO postings (entry_id, account, debit, credit) SELECT id, '401', 1, 0 FROM journal_entries")
        )
