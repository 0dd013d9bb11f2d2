"""What movements are: returned debits with the bank's fee, batches, charges; found by themselves or said by hand."""

from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from lxml import etree
from sqlalchemy import text

from app.accounts.permissions import Role
from app.accounts.service import get_association
from app.billing.invoicing.models import IssuedInvoice
from app.billing.invoicing.queries import open_amount
from app.billing.payments.bank_matching import assign, assign_account, import_statement
from app.billing.payments.direct_debits import make_debits, sign_mandate
from app.billing.payments.queries import list_movements, waiting_movements
from app.billing.payments.supplier_payments import make_transfers, payables
from app.core import clock
from app.core.errors import InvalidInput
from tests.billing.market import Market, two_set_iban
from tests.billing.payments.test_statement_files import camt, charge, detail, entry
from tests.site import Site

D = Decimal
IBAN = "FR7630006000011234567890189"


def invoices(market: Market) -> list[IssuedInvoice]:
    """An invoice to each firm."""
    market.deliver("R1", (0, market.gloves, 10), (1, market.gloves, 10))
    return market.invoice()[:2]


def debited(market: Market) -> tuple[list[IssuedInvoice], etree._Element]:
    """Invoices to firms that gave a mandate, and the file that collects them."""
    get_association(market.world.session).creditor_id = "FR72ZZZ123456"
    for firm in market.firms:
        sign_mandate(market.world.session, market.world.an_actor(Role.APPROVER, company=firm), IBAN)
    issued = invoices(market)
    due = datetime.combine(issued[0].due_on - timedelta(days=3), datetime.min.time(), clock.PARIS)
    with clock.frozen(due):
        return issued, etree.fromstring(make_debits(market.world.session, market.treasurer).content)


def take(market: Market, *entries: str) -> tuple[int, int]:
    return tuple(import_statement(market.world.session, market.treasurer, camt("".join(entries)).encode()))


def waiting(market: Market) -> list[tuple[int, Decimal]]:
    return [(one.id, one.rest) for one in waiting_movements(market.world.session)]


def books(market: Market) -> tuple[Decimal, ...]:
    """Bank, members, suspense, bank charges."""
    return tuple(market.balance(account) for account in ("512", "411", "471", "627"))


RETURN_INFO = "<RtrInf><Rsn><Cd>AM04</Cd></Rsn></RtrInf>"


@pytest.mark.parametrize("said", ["charges in the file", "the fee in the amount alone"])
def test_a_returned_debit_opens_its_invoice_again_and_the_fee_is_the_banks(market: Market, said: str) -> None:
    (first, second), _file = debited(market)
    session = market.world.session
    take(market, entry(str(first.total), detail("", first.number)))
    assert books(market) == (first.total, second.total, 0, 0)
    back = str(first.total + D("3.50"))
    told = f"<AmtDtls><InstdAmt><Amt Ccy='EUR'>{first.total}</Amt></InstdAmt></AmtDtls>{charge('3.50')}{RETURN_INFO}"
    returned = detail("", first.number, told if said.startswith("charges") else RETURN_INFO)
    assert take(market, entry(back, returned, "DBIT")) == (1, 1)
    assert open_amount(session, first.id or 0) == first.total
    assert books(market) == (D("-3.50"), first.total + second.total, 0, D("3.50"))
    assert session.scalar(text("SELECT count(*) FROM direct_debits WHERE returned_at IS NOT NULL")) == 1


def test_a_returned_debit_with_its_fee_is_said_by_hand(market: Market, site: Site) -> None:
    (first, _second), _file = debited(market)
    session = market.world.session
    take(market, entry(str(first.total), detail("", first.number)))
    take(market, entry(str(first.total + D("3.50")), detail("", "PRLV IMPAYE"), "DBIT"))
    ((movement, rest),) = waiting(market)
    assert rest == first.total + D("3.50")
    page = site.get("/payments", market.treasurer).text
    assert "Number of the invoice that went back" in page
    answer = site.post(f"/payments/{movement}/assignment", market.treasurer, data={"number": first.number})
    assert answer.status_code == 303
    assert open_amount(session, first.id or 0) == first.total
    assert (market.balance("471"), market.balance("627"), waiting(market)) == (0, D("3.50"), [])


def test_what_a_bank_takes_back_of_a_transfer_goes_back_where_it_says_so(market: Market) -> None:
    first, _second = invoices(market)
    take(market, entry("50.00", detail("", first.number)))
    take(market, entry("30.00", detail("", first.number), "DBIT"))
    assert [rest for _id, rest in waiting(market)] == [D("30.00")]
    assert open_amount(market.world.session, first.id or 0) == first.total - 50
    take(market, entry("50.00", detail("", first.number), "DBIT", "<RvslInd>true</RvslInd>"))
    assert open_amount(market.world.session, first.id or 0) == first.total
    assert [rest for _id, rest in waiting(market)] == [D("30.00")]


def test_by_hand_nothing_goes_back_of_an_invoice_that_was_not_paid(market: Market) -> None:
    first, second = invoices(market)
    take(market, entry("20.00", detail("", first.number)))
    take(market, entry("20.00", detail("", "retour"), "DBIT"))
    ((movement, _rest),) = waiting(market)
    session, treasurer = market.world.session, market.treasurer
    with pytest.raises(InvalidInput):
        assign(session, treasurer, movement, second.number)
    assign(session, treasurer, movement, first.number)
    assert (open_amount(session, first.id or 0), waiting(market)) == (first.total, [])


def test_what_the_bank_kept_of_a_payment_is_its_charge_and_the_invoice_is_paid_whole(market: Market) -> None:
    first, second = invoices(market)
    fee = D("2.60")
    one = entry(str(first.total - fee), detail(str(first.total), first.number, charge(str(fee))))
    assert take(market, one) == (1, 1)
    assert books(market) == (first.total - fee, second.total, 0, fee)
    take(market, entry("97.00", detail("100.00", "acompte", charge("3.00"))))
    ((movement, rest),) = waiting(market)
    assert (rest, market.balance("471"), market.balance("627")) == (100, -100, D("5.60"))
    assign_account(market.world.session, market.treasurer, movement, "467")
    assert (market.balance("467"), waiting(market)) == (-100, [])


@pytest.mark.parametrize("named_in", ["Btch", "words"])
def test_debits_that_the_bank_collects_at_once_are_matched_by_their_batch(market: Market, named_in: str) -> None:
    (first, second), file = debited(market)
    (batch,) = [node.text or "" for node in file.iter("{*}PmtInfId")]
    total = first.total + second.total
    named = f"<Btch><PmtInfId>{batch}</PmtInfId><NbOfTxs>2</NbOfTxs></Btch>" if named_in == "Btch" else ""
    words = "" if named else f"REMISE PRLV {batch}"
    one = entry(str(total), named + ("" if named else detail("", words)))
    assert take(market, entry(str(total - 1), named + detail("", words or "x"))) == (1, 0)
    assert take(market, one) == (1, 1)
    session = market.world.session
    assert [open_amount(session, invoice.id or 0) for invoice in (first, second)] == [0, 0]
    assert session.scalar(text("SELECT count(*) FROM direct_debits WHERE movement_id IS NOT NULL")) == 2
    assert session.scalar(text("SELECT status FROM outgoing_files")) == "confirmed"


def test_transfers_that_the_bank_books_at_once_are_matched_by_their_batch(market: Market) -> None:
    session, treasurer = market.world.session, market.treasurer
    first, second = invoices(market)
    two_set_iban(session, treasurer, "VOSGES", "FR14 2004 1010 0505 0001 3M02 606")
    two_set_iban(session, treasurer, market.firms[0].code, "FR14 2004 1010 0505 0001 3M02 606")
    take(market, entry(str(first.total), detail("", first.number)))
    take(market, entry(str(second.total + 9), detail("", second.number)))
    session.execute(text("UPDATE invoice_balances SET open = -9 WHERE invoice_id = :id"), {"id": first.id})
    file = etree.fromstring(make_transfers(session, treasurer).content)
    (batch,) = [node.text for node in file.iter("{*}PmtInfId")]
    amounts = [D(node.text or "0") for node in file.iter("{*}InstdAmt")]
    assert len(amounts) == 2
    named = f"<Btch><PmtInfId>{batch}</PmtInfId></Btch>"
    assert take(market, entry(str(sum(amounts)), named, "DBIT")) == (1, 1)
    assert session.scalar(text("SELECT count(*) FROM transfers WHERE movement_id IS NOT NULL")) == 2
    (row, *_others) = list_movements(session, None, 10).items
    assert [one[:3] for one in row.pays.split(", ")][-1:] == ["VIR"] or row.pays == first.number
    assert [one.amount for one in payables(session)] == [0]


@pytest.mark.parametrize("written", ["FACT-{}", "Facture_{}", "facture {} merci"])
def test_a_number_that_is_written_as_people_do_pays_its_invoice(market: Market, written: str) -> None:
    first, _second = invoices(market)
    short = first.number.replace("-000", "-")
    for words in (written.format(first.number), written.format(short)):
        take(market, entry("10.00", detail("", words)))
    assert open_amount(market.world.session, first.id or 0) == first.total - 20


def test_several_numbers_that_are_joined_pay_their_invoices(market: Market) -> None:
    first, second = invoices(market)
    take(market, entry(str(first.total + second.total), detail("", f"{first.number}-{second.number}")))
    assert (market.balance("411"), waiting(market)) == (0, [])


def test_whatever_the_bank_kept_or_gave_back_entries_balance(market: Market, check_constraints) -> None:
    back = charge("3.00", "CRDT")
    take(
        market, entry("97.00", detail("100.00", "a", charge("3.00"))), entry("103.00", detail("100.00", "b", back)),
        entry("1.00", detail("2.00", "c", f"<CdtDbtInd>CRDT</CdtDbtInd>{charge('3.00')}"), "DBIT"),
        entry("103.00", detail("100.00", "d", charge("3.00")), "DBIT"),
        entry("17.00", detail("10.00", "e") + detail("10.00", "f"), more=charge("3.00")),
    )  # fmt: skip
    check_constraints()
    moved = D("97.00") + D("103.00") - 1 - 103 + 17
    assert books(market) == (moved, 0, -(D(100) + 100 + 2 - 100 + 20), D("9.00"))


def test_the_statement_of_another_account_moves_nothing(market: Market) -> None:
    other = camt(entry("5.00"), account="<IBAN>DE89370400440532013000</IBAN>").encode()
    with pytest.raises(InvalidInput) as refused:
        import_statement(market.world.session, market.treasurer, other)
    assert (refused.value.code, market.balance("512")) == ("other_account", 0)
