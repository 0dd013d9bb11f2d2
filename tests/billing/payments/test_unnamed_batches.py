"""A batch that the bank does not name is found by its sum and days, where there is one; a transfer may come back."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import text

from app.billing.invoicing.models import IssuedInvoice
from app.billing.invoicing.queries import open_amount
from app.billing.payments.bank_matching import import_statement
from app.billing.payments.supplier_payments import make_transfers, payables
from app.core import clock
from tests.billing.market import Market, two_set_iban
from tests.billing.payments.test_settlement import books, debited
from tests.billing.payments.test_statement_files import camt, detail, entry
from tests.billing.test_outgoing_files import transfers_in

D = Decimal
SUPPLIER_IBAN = "FR1420041010050500013M02606"


def on(day: date, *entries: str) -> bytes:
    """A statement whose entries are all of one day."""
    return camt("".join(entries).replace("2026-11-19", day.isoformat())).encode()


def collect_day(market: Market) -> date:
    found = market.world.session.scalar(text("SELECT min(collect_on) FROM direct_debits"))
    assert isinstance(found, date)
    return found


@pytest.mark.parametrize(("days_late", "is_found"), [(0, True), (4, True), (7, False), (-1, False)])
def test_the_only_batch_of_debits_of_a_sum_and_days_is_what_came_in(
    market: Market, days_late: int, is_found: bool
) -> None:
    (first, second), _file = debited(market)
    total, day = first.total + second.total, collect_day(market) + timedelta(days=days_late)
    content = on(day, entry(str(total), detail("", "REMISE PRLV SEPA 2 OPERATIONS")))
    assert import_statement(market.world.session, market.treasurer, content).matched == int(is_found)
    assert books(market) == ((total, 0, 0, 0) if is_found else (total, total, -total, 0))


def test_a_sum_that_is_no_batch_waits(market: Market) -> None:
    (first, second), _file = debited(market)
    total = first.total + second.total
    content = on(collect_day(market), entry(str(total - 1), detail("", "REMISE PRLV SEPA")))
    assert import_statement(market.world.session, market.treasurer, content).matched == 0
    assert books(market)[1] == total


def test_a_batch_of_one_is_not_guessed(market: Market) -> None:
    session, (first, second), _file = market.world.session, *debited(market)
    session.execute(text("UPDATE direct_debits SET returned_at = now() WHERE invoice_id = :id"), {"id": second.id})
    content = on(collect_day(market), entry(str(first.total), detail("", "VIREMENT")))
    assert import_statement(session, market.treasurer, content).matched == 0


def paid_out(market: Market) -> tuple[IssuedInvoice, str, Decimal]:
    """An invoice that was paid, and the transfer to its supplier that the bank carried out: reference and amount."""
    session, treasurer = market.world.session, market.treasurer
    market.deliver("R1", (0, market.gloves, 10))
    (invoice, _commission) = market.invoice()
    two_set_iban(session, treasurer, "VOSGES", SUPPLIER_IBAN)
    today = clock.today()
    import_statement(session, treasurer, on(today, entry(str(invoice.total), detail("", invoice.number))))
    ((reference, amount),) = transfers_in(make_transfers(session, treasurer).content)
    done = entry(str(amount), detail("", reference), "DBIT")
    assert import_statement(session, treasurer, on(today, done)).matched == 1
    return invoice, reference, amount


def test_a_transfer_that_came_back_is_paid_again(market: Market) -> None:
    session, (_invoice, reference, amount) = market.world.session, paid_out(market)
    assert payables(session)[0].amount == 0
    owed = market.balance("401")
    back = on(clock.today() + timedelta(days=1), entry(str(amount), detail("", f"REJET VIR {reference}")))
    assert import_statement(session, market.treasurer, back).matched == 1
    assert payables(session)[0].amount == amount
    assert (market.balance("401"), market.balance("471")) == (owed - amount, 0)
    ((again, same),) = transfers_in(make_transfers(session, market.treasurer).content)
    assert (again != reference, same) == (True, amount)


def test_two_transfers_that_the_bank_books_as_one_without_a_name_are_done(market: Market) -> None:
    session, treasurer = market.world.session, market.treasurer
    market.deliver("R1", (0, market.gloves, 10), (1, market.gloves, 10))
    first, second, _commission = market.invoice()
    for code in ("VOSGES", market.firms[0].code):
        two_set_iban(session, treasurer, code, SUPPLIER_IBAN)
    paid = on(clock.today(), *(entry(str(one.total), detail("", one.number)) for one in (first, second)))
    import_statement(session, treasurer, paid)
    session.execute(text("UPDATE invoice_balances SET open = -9 WHERE invoice_id = :id"), {"id": first.id})
    made = transfers_in(make_transfers(session, treasurer).content)
    assert len(made) == 2
    total = sum(amount for _reference, amount in made)
    booked_on = clock.today() + timedelta(days=2)
    content = on(booked_on, entry(str(total), detail("", "VIR SEPA EMIS 2 OPERATIONS"), "DBIT"))
    assert import_statement(session, treasurer, content).matched == 1
    assert session.scalar(text("SELECT count(*) FROM transfers WHERE movement_id IS NOT NULL")) == 2
    assert open_amount(session, second.id or 0) == 0
