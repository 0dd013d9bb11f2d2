"""Money at the bank: read once, matched by invoice numbers, booked; suppliers are paid what came in, once."""

from datetime import date, datetime
from decimal import Decimal

import pytest
from lxml import etree
from sqlalchemy import text

from app.accounts.permissions import Role
from app.accounts.service import get_association
from app.billing.invoicing.queries import aged_balance
from app.billing.payments.bank_matching import assign, import_statement
from app.billing.payments.bank_statements import read_statement
from app.billing.payments.direct_debits import make_debits, mandate_of, sign_mandate
from app.billing.payments.movement_identity import fresh_movements
from app.billing.payments.supplier_payments import make_transfers, payables, set_iban
from app.commission.ledger.books import fec_file
from app.core import clock
from app.core.errors import Conflict, InvalidInput, NotAllowed
from tests.billing.invoicing.test_issue import check_fec
from tests.billing.market import Market, two_set_iban
from tests.site import Site

D = Decimal
IBAN = "FR7630006000011234567890189"


def camt(*entries: tuple[str, str, str, str, str], version: str = "08") -> bytes:
    """A CAMT.053 of entries `(reference, CRDT or DBIT, amount, party, words)`."""
    body = "".join(
        f"""<Ntry><Amt Ccy="EUR">{amount}</Amt><CdtDbtInd>{sign}</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts>
        <BookgDt><Dt>2026-03-04</Dt></BookgDt><NtryDtls><TxDtls><Refs><AcctSvcrRef>{reference}</AcctSvcrRef>
        <EndToEndId>{words if sign == "DBIT" else "NOTPROVIDED"}</EndToEndId></Refs><RltdPties><Dbtr><Pty>
        <Nm>{party}</Nm></Pty></Dbtr></RltdPties><RmtInf><Ustrd>{words}</Ustrd></RmtInf></TxDtls></NtryDtls></Ntry>"""
        for reference, sign, amount, party, words in entries
    )
    return (f'<?xml version="1.0"?><Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.{version}">'
            f"<BkToCstmrStmt><Stmt>{body}</Stmt></BkToCstmrStmt></Document>").encode()  # fmt: skip


def test_a_statement_is_read_as_the_bank_wrote_it() -> None:
    statement = camt(("B1", "CRDT", "12.50", "Klein", "Facture VOSGES-2026-000001 merci"),
                     ("B2", "DBIT", "7.00", "", "VIR00000001"))  # fmt: skip
    (one, other) = read_statement(statement).movements
    assert one[:5] == ("B1", date(2026, 3, 4), D("12.50"), "Klein", "Facture VOSGES-2026-000001 merci")
    assert (other.amount, other.words) == (D("-7.00"), "VIR00000001")


def test_equal_rows_of_a_csv_statement_are_two_movements_and_the_same_ones_next_time() -> None:
    content = b"date;amount;words;counterparty\n2026-03-04;12,50;merci;Klein\n2026-03-04;12,50;merci;Klein\n"
    first, second = read_statement(content).movements
    assert (first.amount, first == second) == (D("12.50"), True)
    one, other = fresh_movements("", [first, second], {})
    assert (one.identity, one.position, other.position) == (other.identity, 1, 2)
    assert fresh_movements("", [first, second], {one.identity: ["", ""]}) == []


@pytest.mark.parametrize(
    "content",
    [b"", b"<a/>", b"<Document", b"a;b\n1;2\n", b"date;amount;words\nyesterday;1;x\n",
     b"date;amount;words\n2026-01-01;many;x\n",
     camt(("B", "CRDT", "1.00", "", "")).replace(b"EUR", b"CHF"), b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'],
)  # fmt: skip
def test_what_is_no_statement_is_refused_with_its_reason(content: bytes) -> None:
    with pytest.raises(InvalidInput):
        read_statement(content)


def test_payments_are_matched_by_their_numbers_and_the_rest_waits(market: Market) -> None:
    session, treasurer = market.world.session, market.treasurer
    market.deliver("R1", (0, market.gloves, 10), (1, market.gloves, 10))
    first, second, _commission = market.invoice()
    statement = camt(("B1", "CRDT", str(first.total), "Klein", f"Règlement {first.number.lower()}"),
                     ("B2", "CRDT", "50.00", "?", "acompte"))  # fmt: skip
    assert import_statement(session, treasurer, statement) == (2, 1)
    assert import_statement(session, treasurer, statement) == (0, 0)
    assert market.balance("512") == first.total + 50
    assert market.balance("471") == -50
    assert market.balance("411") == second.total
    assert [row.total for row in aged_balance(session)] == [second.total]
    movement = session.scalar(text("SELECT id FROM bank_movements WHERE reference = 'B2'"))
    with pytest.raises(InvalidInput):
        assign(session, treasurer, movement, first.number)
    assign(session, treasurer, movement, second.number)
    assert (market.balance("471"), market.balance("411")) == (0, second.total - 50)
    with pytest.raises(Conflict):
        assign(session, treasurer, movement, second.number)
    check_fec(fec_file(session, 2026))


def test_one_transfer_pays_several_invoices_and_too_much_stays_on_suspense(market: Market) -> None:
    market.deliver("R1", (0, market.gloves, 10))
    (one, _commission) = market.invoice()
    market.deliver("R2", (0, market.gloves, 5))
    (two, _commission) = market.invoice()
    words = f"{one.number} {two.number}"
    paid = one.total + two.total + D("3.00")
    import_statement(market.world.session, market.treasurer, camt(("B1", "CRDT", str(paid), "Klein", words)))
    assert (market.balance("411"), market.balance("471")) == (0, D("-3.00"))


def test_suppliers_are_paid_what_members_paid_less_commission_and_once(market: Market) -> None:
    session, treasurer = market.world.session, market.treasurer
    market.deliver("R1", (0, market.gloves, 10), (1, market.gloves, 10))
    first, second, commission = market.invoice()
    two_set_iban(session, treasurer, "VOSGES", "FR14 2004 1010 0505 0001 3M02 606")
    with pytest.raises(Conflict):
        make_transfers(session, treasurer)
    import_statement(session, treasurer, camt(("B1", "CRDT", str(first.total), "K", first.number)))
    (due,) = payables(session)
    assert due.amount == first.total - commission.total
    root = etree.fromstring(make_transfers(session, treasurer).content)
    texts = {etree.QName(node).localname: node.text for node in root.iter()}
    assert D(texts["InstdAmt"] or "0") == due.amount
    assert root.nsmap[None] == "urn:iso:std:iso:20022:tech:xsd:pain.001.001.09"
    assert (texts["EndToEndId"] or "").startswith("VIR")
    with pytest.raises(Conflict):
        make_transfers(session, treasurer)
    done = camt(("B2", "DBIT", str(due.amount), "", texts["EndToEndId"] or ""))
    assert import_statement(session, treasurer, done) == (1, 1)
    import_statement(session, treasurer, camt(("B3", "CRDT", str(second.total), "L", second.number)))
    (rest,) = payables(session)
    assert rest.amount == second.total
    assert -market.balance("401") == second.total
    assert market.balance("512") == commission.total + second.total


def test_only_the_treasurer_moves_money(market: Market, site: Site) -> None:
    with pytest.raises(NotAllowed):
        import_statement(market.world.session, market.world.a_manager(), b"")
    with pytest.raises(InvalidInput):
        set_iban(market.world.session, market.treasurer, "VOSGES", "FR00")
    assert site.get("/payments", market.world.a_buyer()).status_code == 403
    refused = site.post("/payments/transfers", market.treasurer)
    assert (refused.status_code, "no supplier to pay" in refused.text) == (422, True)
    market.deliver("R1", (0, market.gloves, 10))
    (invoice, _commission) = market.invoice()
    statement = camt(("B1", "CRDT", "5.00", "Klein", "?"))
    sent = site.post("/payments/statements", market.treasurer, files={"file": ("s.xml", statement)})
    assert sent.status_code == 303
    page = site.get("/payments", market.treasurer).text
    assert ("To be matched" in page, "Klein" in page) == (True, True)
    movement = market.world.session.scalar(text("SELECT id FROM bank_movements"))
    answer = site.post(f"/payments/{movement}/assignment", market.treasurer, data={"number": invoice.number})
    assert answer.status_code == 303
    assert "To be matched" not in site.get("/payments", market.treasurer).text


def test_a_firm_with_a_mandate_is_debited_once_when_its_invoice_falls_due(market: Market) -> None:
    session, treasurer = market.world.session, market.treasurer
    approver = market.world.an_actor(Role.APPROVER, company=market.firms[0])
    get_association(session).creditor_id = "FR72ZZZ123456"
    market.deliver("R1", (0, market.gloves, 10), (1, market.gloves, 10))
    first, _second, _commission = market.invoice()
    first_mandate = sign_mandate(session, approver, IBAN)
    mandate = sign_mandate(session, approver, "FR14 2004 1010 0505 0001 3M02 606")
    assert first_mandate.reference != mandate.reference
    assert mandate_of(session, market.firms[0].id or 0) == mandate
    with pytest.raises(Conflict):
        make_debits(session, treasurer)
    with clock.frozen(datetime.combine(first.due_on, datetime.min.time(), clock.PARIS)):
        root = etree.fromstring(make_debits(session, treasurer).content)
        with pytest.raises(Conflict):
            make_debits(session, treasurer)
    texts = {etree.QName(node).localname: node.text for node in root.iter()}
    assert root.nsmap[None] == "urn:iso:std:iso:20022:tech:xsd:pain.008.001.08"
    assert (D(texts["InstdAmt"] or "0"), texts["SeqTp"], texts["MndtId"]) == (first.total, "FRST", mandate.reference)
    import_statement(session, treasurer, camt(("B1", "CRDT", str(first.total), "K", texts["Ustrd"] or "")))
    assert [row.company for row in aged_balance(session)] == [market.firms[1].name]


def test_a_mandate_is_given_and_revoked_on_the_page_of_invoices(market: Market, site: Site) -> None:
    approver = market.world.an_actor(Role.APPROVER, company=market.firms[0])
    refused = site.post("/invoices/mandate", approver, data={"iban": "FR00"})
    assert (refused.status_code, "not an IBAN" in refused.text) == (422, True)
    assert site.post("/invoices/mandate", approver, data={"iban": IBAN}).status_code == 303
    assert "ending in 0189" in site.get("/invoices/how-we-pay", approver).text
    assert site.post("/invoices/mandate/revocation", approver).status_code == 303
    assert "Give the mandate" in site.get("/invoices/how-we-pay", approver).text
    assert "has given no mandate" in site.post("/invoices/mandate/revocation", approver).text
    missing = site.post("/payments/debits", market.treasurer)
    assert (missing.status_code, "creditor identifier" in missing.text) == (422, True)
