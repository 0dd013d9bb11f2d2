"""Files for the bank: on days on which banks work, in letters that banks take."""

from datetime import date, datetime
from decimal import Decimal

import pytest
from lxml import etree

from app.accounts.permissions import Role
from app.accounts.service import get_association
from app.billing.payments.bank_days import bank_day_from, easter, is_bank_day
from app.billing.payments.bank_matching import import_statement
from app.billing.payments.direct_debits import make_debits, sign_mandate
from app.billing.payments.sepa_files import in_bank_letters
from app.billing.payments.supplier_payments import make_transfers
from app.core import clock
from tests.billing.market import Market, two_set_iban
from tests.billing.payments.test_supplier_payments import IBAN, camt


@pytest.mark.parametrize(
    ("year", "day"),
    [(2000, "2000-04-23"), (2008, "2008-03-23"), (2011, "2011-04-24"), (2019, "2019-04-21"), (2024, "2024-03-31"),
     (2025, "2025-04-20"), (2026, "2026-04-05"), (2027, "2027-03-28"), (2038, "2038-04-25"), (2049, "2049-04-18"),
     (2076, "2076-04-19"), (2285, "2285-03-22")],
)  # fmt: skip
def test_easter_is_on_the_sundays_of_the_almanac(year: int, day: str) -> None:
    assert easter(year) == date.fromisoformat(day)


def test_banks_are_closed_on_the_six_days_of_target_and_at_weekends() -> None:
    on_weekdays = [day for n in range(365) if (day := date.fromordinal(date(2026, 1, 1).toordinal() + n)).weekday() < 5]
    closed = [day.isoformat() for day in on_weekdays if not is_bank_day(day)]
    assert closed == ["2026-01-01", "2026-04-03", "2026-04-06", "2026-05-01", "2026-12-25"]
    assert not is_bank_day(date(2026, 12, 26))
    assert is_bank_day(date(2026, 7, 14))  # a holiday in France alone


def test_a_day_is_moved_to_the_next_bank_day() -> None:
    assert bank_day_from(date(2026, 4, 3)) == date(2026, 4, 7)
    assert bank_day_from(date(2026, 12, 25), 2) == date(2026, 12, 30)
    assert bank_day_from(date(2026, 3, 4)) == date(2026, 3, 4)


@pytest.mark.parametrize(
    ("written", "sent"),
    [("Dupont & Fils", "Dupont + Fils"), ("A<B>[C]", "A(B)(C)"), ("//rue_1//", "rue-1"), ("***", "..."),
     ("  ", "NOTPROVIDED"), ("a@b.fr; c", "a(at)b.fr, c"), ("x" * 80, "x" * 70)],
)  # fmt: skip
def test_names_are_sent_in_the_banks_letters(written: str, sent: str) -> None:
    assert in_bank_letters(written, 70) == sent


def test_a_file_of_transfers_names_every_bank_and_everybody_as_banks_can_read_them(market: Market) -> None:
    session, treasurer = market.world.session, market.treasurer
    market.supplier.name = "Œuvres & Cie [Épinal] <SA>"
    market.deliver("R1", (0, market.gloves, 10))
    (invoice, _commission) = market.invoice()
    two_set_iban(session, treasurer, "VOSGES", "FR14 2004 1010 0505 0001 3M02 606")
    import_statement(session, treasurer, camt(("B1", "CRDT", str(invoice.total), "K", invoice.number)))
    with clock.frozen(datetime(2026, 12, 25, 9, tzinfo=clock.PARIS)):
        root = etree.fromstring(make_transfers(session, treasurer).content)
    assert root.findtext(".//{*}Cdtr/{*}Nm") == "OEuvres + Cie (Epinal) (SA)"
    assert root.findtext(".//{*}DbtrAgt/{*}FinInstnId/{*}Othr/{*}Id") == "NOTPROVIDED"
    assert root.findtext(".//{*}ReqdExctnDt/{*}Dt") == "2026-12-28"


def test_debits_are_collected_on_bank_days_two_of_them_ahead(market: Market) -> None:
    session = market.world.session
    approver = market.world.an_actor(Role.APPROVER, company=market.firms[0])
    get_association(session).creditor_id = "FR72ZZZ123456"
    market.firms[0].name = "Menuiserie & Filles"
    market.deliver("R1", (0, market.gloves, 10))
    market.invoice()
    sign_mandate(session, approver, IBAN)
    with clock.frozen(datetime(2027, 3, 25, 9, tzinfo=clock.PARIS)):  # the Thursday before Easter
        root = etree.fromstring(make_debits(session, market.treasurer).content)
    assert root.findtext(".//{*}ReqdColltnDt") == "2027-03-31"
    assert root.findtext(".//{*}EndToEndId") == "VOSGES-2026-000001"
    assert root.findtext(".//{*}Dbtr/{*}Nm") == "Menuiserie + Filles"
    assert root.findtext(".//{*}DbtrAgt/{*}FinInstnId/{*}Othr/{*}Id") == "NOTPROVIDED"
    assert Decimal(root.findtext(".//{*}CtrlSum") or "0") == Decimal(root.findtext(".//{*}InstdAmt") or "1")


def test_a_number_with_signs_that_banks_refuse_is_sent_without_them_and_found_again(market: Market) -> None:
    session = market.world.session
    get_association(session).creditor_id = "FR72ZZZ123456"
    market.deliver("R1", (0, market.gloves, 10))
    market.supplier.code = "VOS_GES"
    session.flush()
    invoice = market.invoice()[0]
    sign_mandate(session, market.world.an_actor(Role.APPROVER, company=market.firms[0]), IBAN)
    with clock.frozen(datetime(2027, 3, 25, 9, tzinfo=clock.PARIS)):
        root = etree.fromstring(make_debits(session, market.treasurer).content)
    sent = root.findtext(".//{*}EndToEndId") or ""
    assert (invoice.number, sent) == ("VOS_GES-2026-000001", "VOS-GES-2026-000001")
    assert import_statement(session, market.treasurer, camt(("B1", "CRDT", str(invoice.total), "K", sent))) == (1, 1)
    assert market.balance("411") == 0
