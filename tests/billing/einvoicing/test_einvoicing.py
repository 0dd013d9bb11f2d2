"""Electronic invoicing against a partner that others wrote, and by file: documents out and in, and how far each is."""

import io
import zipfile
from decimal import Decimal
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree
from mockeinvoice import validate, validate_response
from sqlmodel import Session, select

from app.accounts.actor import SYSTEM
from app.billing.einvoicing import received_documents, transmissions
from app.billing.einvoicing.invoice_responses import InvoiceResponse, read_response, response_xml
from app.billing.einvoicing.life_cycle import FINAL, LifeCycle, from_peppol, may_follow, to_peppol
from app.billing.einvoicing.models import LifeCycleEvent, ReceivedDocument, Transmission, TransmissionStatus
from app.billing.einvoicing.platform import DocumentRefused, PartnerOverHttp
from app.billing.einvoicing.received_invoice import read_invoice
from app.billing.invoicing import purchases
from app.billing.invoicing.invoice import InvoiceKind, InvoiceLine
from app.billing.invoicing.invoice_ubl import ubl_xml
from app.billing.invoicing.issue import archived
from app.billing.invoicing.models import IssuedInvoice
from app.billing.invoicing.service_invoices import issue_service_invoice
from app.billing.payments.bank_matching import import_statement
from app.billing.payments.supplier_payments import make_transfers, payables
from app.core import clock
from app.core.errors import InvalidInput, NotFound, Unavailable
from app.supplying.models.invoices import InvoiceStatus, SupplierInvoice
from app.supplying.supplier_invoices import decide_invoice
from tests.billing.invoicing.test_factur_x import BUYER, SELLER, a_line, an_invoice, some_lines
from tests.billing.market import SIRETS, Market, two_set_iban
from tests.billing.payments.test_supplier_payments import camt
from tests.billing.peer import work
from tests.site import Site

D = Decimal
FIRM_SIREN = SIRETS[1][:9]


def findings(xml: bytes) -> list[str]:
    """The rules of EN 16931 and Peppol BIS Billing 3 that a document breaks, as the partner reads them."""
    _document, report = validate(xml)
    return [f"{one.code} {one.path} {one.text}" for one in report.failures] or (
        [] if report.verdict == "valid" else [report.verdict]
    )


@given(st.lists(some_lines, min_size=1, max_size=5), st.booleans())
def test_whatever_is_sold_the_ubl_keeps_the_rules_of_en_16931_and_peppol(
    lines: list[InvoiceLine], credit: bool
) -> None:
    terms: dict[str, Any] = {"references": ("R1-VOSGES",), "iban": "FR7630006000011234567890189", "mandate": "Collines"}
    if credit:
        terms |= {
            "kind": InvoiceKind.CREDIT_NOTE,
            "corrects": ("VOSGES-2026-000001", clock.today()),
            "reason": "Retour",
        }
    assert findings(ubl_xml(an_invoice(*lines, **terms))) == []


def test_a_document_that_breaks_a_rule_is_found_out() -> None:
    broken = ubl_xml(an_invoice(a_line())).replace(
        b'<cbc:PayableAmount currencyID="EUR">', b'<cbc:PayableAmount currencyID="EUR">1'
    )
    assert any("BR-CO-16" in one for one in findings(broken))


def issued(market: Market) -> IssuedInvoice:
    """An invoice to the first firm, handed over."""
    market.deliver("R1", (0, market.gloves, 10))
    (invoice,) = market.of_kind(market.invoice(), InvoiceKind.MEMBER)
    work(market.world.session)
    return invoice


def transmission(session: Session, invoice: IssuedInvoice) -> Transmission:
    return session.get_one(Transmission, invoice.id, populate_existing=True)


def answered(partner: str, invoice: IssuedInvoice, code: str, reason: str = "", *, force: bool = False) -> bytes:
    """The partner's buyer says something of an invoice: the message that it gives."""
    held = httpx.get(f"{partner}/_mock/invoices").json()
    (at,) = [one["id"] for one in held if one["number"] == invoice.number]
    reasons = [{"code": "OTH", "text": reason}] if reason else []
    body = {"code": code, "reasons": reasons, "force": force}
    answer = httpx.post(f"{partner}/_mock/invoices/{at}/responses", json=body)
    assert answer.status_code == 201, answer.text
    return httpx.get(f"{partner}{answer.json()['document']}").content


def test_what_is_issued_is_handed_over_and_its_recipient_says_how_far_it_is(
    market: Market, partner: str, site: Site
) -> None:
    session = market.world.session
    invoice = issued(market)
    sent = transmission(session, invoice)
    assert (sent.status, sent.life_cycle, sent.siren) == (TransmissionStatus.SENT, LifeCycle.DEPOSITED, FIRM_SIREN)
    held = httpx.get(f"{partner}/_mock/invoices/{sent.reference}").json()
    assert (held["number"], held["verdict"]) == (invoice.number, "valid")
    transmissions.transmit(session, invoice.id or 0)
    assert len([one for one in httpx.get(f"{partner}/_mock/invoices").json() if one["number"] == invoice.number]) == 1
    for code, status in (("AB", LifeCycle.AVAILABLE), ("IP", LifeCycle.TAKEN_IN_CHARGE), ("AP", LifeCycle.APPROVED)):
        message = answered(partner, invoice, code)
        for _time in range(2):
            assert site.post("/einvoicing/secret-word/responses", content=message).status_code == 201
        assert transmission(session, invoice).life_cycle is status
    late = answered(partner, invoice, "AB", force=True)
    site.post("/einvoicing/secret-word/responses", content=late)
    assert transmission(session, invoice).life_cycle is LifeCycle.APPROVED
    events = session.exec(select(LifeCycleEvent).where(LifeCycleEvent.invoice_id == invoice.id)).all()
    assert [one.moved for one in events] == [True, True, True, True, False]
    assert "approved" in site.get("/einvoicing", market.treasurer).text


def test_what_is_refused_is_told_with_its_reason_and_what_is_paid_is_cashed(
    market: Market, partner: str, site: Site
) -> None:
    session = market.world.session
    invoice = issued(market)
    transmissions.note_cashed(session)
    assert transmission(session, invoice).life_cycle is LifeCycle.DEPOSITED
    import_statement(session, market.treasurer, camt(("B1", "CRDT", str(invoice.total), "K", invoice.number)))
    for _time in range(2):
        transmissions.note_cashed(session)
    assert transmission(session, invoice).life_cycle is LifeCycle.CASHED
    market.deliver("R2", (0, market.gloves, 2))
    (second,) = market.of_kind(market.invoice(), InvoiceKind.MEMBER)
    work(session)
    transmissions.take_response(session, answered(partner, second, "RE", "Commande inconnue"))
    page = site.get("/einvoicing", market.treasurer).text
    assert ("Commande inconnue" in page, "refused" in page) == (True, True)
    with pytest.raises(InvalidInput, match="issued no document"):
        transmissions.take_response(session, answered(partner, second, "RE", "x", force=True).replace(
            second.number.encode(), b"NONE-2026-000001"))  # fmt: skip


def test_recipients_come_from_the_directory(market: Market, partner: str) -> None:
    session, treasurer = market.world.session, market.treasurer
    rows = b"siren;address;platform;valid_from;valid_to\n552100554;552100554;PA;;\n"
    transmissions.import_directory(session, treasurer, rows)
    invoice = issued(market)
    assert transmission(session, invoice).status is TransmissionStatus.NO_RECIPIENT
    for row in (f"{FIRM_SIREN};{FIRM_SIREN};PA;2027-01-01;", f"{FIRM_SIREN};{FIRM_SIREN};PA;;2026-01-01"):
        transmissions.import_directory(session, treasurer, rows + row.encode())
        work(session)
        assert transmission(session, invoice).status is TransmissionStatus.NO_RECIPIENT
    transmissions.import_directory(session, treasurer, rows + f"{FIRM_SIREN};{FIRM_SIREN}_compta;PA;;".encode())
    work(session)
    sent = transmission(session, invoice)
    assert sent.status is TransmissionStatus.SENT
    document = httpx.get(f"{partner}/_mock/invoices/{sent.reference}/document").text
    assert f'schemeID="0225">{FIRM_SIREN}_compta<' in document
    for wrong in (b"", b"siren;address\n12;x\n", b"siren;address;valid_from\n552100554;x;soon\n"):
        with pytest.raises(InvalidInput):
            transmissions.import_directory(session, treasurer, wrong)


def test_a_firm_without_a_siren_waits_with_its_word(market: Market, partner: str, site: Site) -> None:
    market.deliver("R1", (1, market.gloves, 10))
    (invoice,) = market.of_kind(market.invoice(), InvoiceKind.MEMBER)
    work(market.world.session)
    assert transmission(market.world.session, invoice).status is TransmissionStatus.NO_RECIPIENT
    assert "recipient unknown" in site.get("/einvoicing", market.treasurer).text


def last_file(site: Site, market: Market) -> bytes:
    """The file that was made last, as the treasurer fetches it."""
    newest = site.get("/api/v1/outgoing-files", market.treasurer).json()["items"][0]
    return site.get(f"/files/{newest['id']}/file", market.treasurer).content


def test_without_a_platform_documents_go_by_file_and_statuses_come_back(market: Market, site: Site) -> None:
    session = market.world.session
    invoice = issued(market)
    assert transmission(session, invoice).status is TransmissionStatus.WAITING
    assert site.post("/einvoicing/files", market.treasurer).headers["location"] == "/files"
    files = zipfile.ZipFile(io.BytesIO(last_file(site, market)))
    assert files.read(f"{invoice.number}.pdf") == archived(session, invoice)
    listed = files.read("documents.csv").decode("utf-8-sig")
    assert f"{invoice.number};{FIRM_SIREN};{FIRM_SIREN};{invoice.number}.pdf" in listed
    again = site.post("/einvoicing/files", market.treasurer)
    assert (again.status_code, "No document waits" in again.text) == (422, True)
    statuses = f"number;status;reason\n{invoice.number};205;\n".encode()
    assert site.post("/einvoicing/statuses", market.treasurer, files={"file": ("s.csv", statuses)}).status_code == 303
    assert transmission(session, invoice).life_cycle is LifeCycle.APPROVED
    assert transmissions.import_statuses(session, market.treasurer, statuses) == 0
    import_statement(session, market.treasurer, camt(("B1", "CRDT", str(invoice.total), "K", invoice.number)))
    transmissions.note_cashed(session)
    assert site.post("/einvoicing/files", market.treasurer).status_code == 303
    told = zipfile.ZipFile(io.BytesIO(last_file(site, market)))
    assert f"{invoice.number};212;" in told.read("statuses.csv").decode("utf-8-sig")
    wrong = site.post("/einvoicing/statuses", market.treasurer, files={"file": ("s.csv", b"number;status\nX;999\n")})
    assert (wrong.status_code, "no status of the life cycle" in wrong.text) == (422, True)


def test_only_who_knows_the_address_posts_to_us(market: Market, partner: str, site: Site) -> None:
    for path in ("/einvoicing/wrong/invoices", "/einvoicing/wrong/responses"):
        assert site.post(path, content=b"<a/>").status_code == 404
    assert site.post("/einvoicing/secret-word/invoices", content=b"<a/>").status_code == 422
    assert site.get("/einvoicing", market.world.a_buyer()).status_code == 403


def order_for_partner(partner: str, market: Market, code: str, price: str, quantity: int = 10) -> bytes:
    """The partner's supplier writes its invoice for an order of ours; the document that it sends."""
    who = {"name": "Vosges Protection", "endpoint": f"0225:{SIRETS[0][:9]}", "vat": "FR44732829320", "country": "FR",
           "legal_id": SIRETS[0][:9], "street": "1 rue du Parc", "city": "Epinal", "postal_code": "88000",
           "vat_rate": "20", "iban": "FR7630006000011234567890189", "number_prefix": f"VP-{code}-"}  # fmt: skip
    assert httpx.patch(f"{partner}/_mock/supplier", json=who).status_code == 200
    order = {"number": f"{code}-VOSGES", "buyer": {"name": "Les Collines", "endpoint": f"0225:{SIRETS[2][:9]}",
             "city": "Mulhouse", "postal_code": "68100", "country": "FR"},
             "lines": [{"line": "1", "name": "Gants", "seller_item": market.gloves.sku, "quantity": quantity,
                        "unit": "C62", "price": price}]}  # fmt: skip
    told = httpx.post(f"{partner}/_mock/orders", json=order)
    assert told.status_code == 201, told.text
    sent = httpx.post(f"{partner}/_mock/orders/{told.json()['id']}/invoices")
    assert sent.status_code == 201, sent.text
    return httpx.get(f"{partner}/_mock/sent/{sent.json()['id']}/document").content


def heard(partner: str) -> list[str]:
    """What the partner's supplier was told of the document that it sent last."""
    last = httpx.get(f"{partner}/_mock/sent").json()[-1]["id"]
    return [one["code"] for one in httpx.get(f"{partner}/_mock/sent/{last}").json()["responses"]]


def test_a_suppliers_own_invoice_is_matched_approved_sold_on_and_paid(market: Market, partner: str, site: Site) -> None:
    session, treasurer = market.world.session, market.treasurer
    market.supplier.free_delivery_from = None
    market.supplier.delivery_fee = None
    purchases.let_invoice_itself(session, treasurer, "VOSGES", itself=True)
    two_set_iban(session, treasurer, "VOSGES", "FR14 2004 1010 0505 0001 3M02 606")
    market.deliver("R1", (0, market.gloves, 10))
    document = order_for_partner(partner, market, "R1", "8.6333")
    for _time in range(2):
        assert site.post("/einvoicing/secret-word/invoices", content=document).json()["problem"] == ""
    (invoice,) = session.exec(select(SupplierInvoice)).all()
    assert (invoice.status, invoice.net_amount, invoice.total_amount) == (
        InvoiceStatus.MATCHED,
        D("86.33"),
        D("103.60"),
    )
    received_documents.say_how_far(session)
    work(session)
    assert heard(partner) == ["AP"]
    assert (purchases.book_purchases(session), purchases.book_purchases(session)) == (1, 0)
    sold = market.invoice()
    (member,) = market.of_kind(sold, InvoiceKind.MEMBER)
    (commission,) = market.of_kind(sold, InvoiceKind.COMMISSION)
    assert (member.number, member.own_name, member.total) == ("VTE-2026-000001", True, invoice.total_amount)
    assert (market.balance("607"), -market.balance("707")) == (D("86.33"), D("86.33"))
    assert market.balance("44566") == D("17.27")
    assert payables(session)[0].amount == 0
    import_statement(session, treasurer, camt(("B1", "CRDT", str(member.total), "K", member.number)))
    (payable,) = payables(session)
    assert payable.amount == invoice.total_amount - commission.total
    (transfer,) = etree.fromstring(make_transfers(session, treasurer).content).iter("{*}CdtTrfTxInf")
    assert transfer.findtext(".//{*}InstdAmt") == str(payable.amount)
    received_documents.say_how_far(session)
    work(session)
    assert heard(partner) == ["AP"]
    import_statement(
        session, treasurer, camt(("B2", "DBIT", str(payable.amount), "", transfer.findtext(".//{*}EndToEndId") or ""))
    )
    assert market.balance("401") == 0
    received_documents.say_how_far(session)
    work(session)
    assert heard(partner) == ["AP", "PD"]


def test_a_suppliers_invoice_that_asks_too_much_is_looked_at_and_refused_with_the_reason(
    market: Market, partner: str
) -> None:
    session = market.world.session
    market.deliver("R1", (0, market.gloves, 10))
    received = received_documents.take_document(session, order_for_partner(partner, market, "R1", "9.00"))
    invoice = session.get_one(SupplierInvoice, received.supplier_invoice_id)
    assert invoice.status is InvoiceStatus.TO_CHECK
    decide_invoice(session, market.treasurer, invoice.id or 0, accept=False, reason="Prix convenu : 8,6333")
    received_documents.say_how_far(session)
    work(session)
    assert heard(partner) == ["IP", "RE"]
    last = session.exec(select(LifeCycleEvent).order_by(LifeCycleEvent.id.desc())).first()  # type: ignore[union-attr]
    assert last is not None
    assert last.reason == "Prix convenu : 8,6333"


def test_an_invoice_that_fits_no_order_is_kept_for_the_treasurer(market: Market, partner: str, site: Site) -> None:
    session = market.world.session
    market.deliver("R1", (0, market.gloves, 10))
    document = order_for_partner(partner, market, "R9", "8.6333")
    received = received_documents.take_document(session, document)
    assert (received.supplier_invoice_id, "R9-VOSGES" in received.problem) == (None, True)
    assert "R9-VOSGES" in site.get("/einvoicing", market.treasurer).text
    sent = site.post("/einvoicing/received", market.treasurer, files={"file": ("i.xml", document)})
    assert sent.status_code == 422
    assert len(session.exec(select(ReceivedDocument)).all()) == 1


def test_factur_x_and_cii_are_read_like_ubl() -> None:
    lines = (
        a_line(7, "1.3333", "9.33"),
        InvoiceLine("Eco-contribution", 7, D("0.1200"), D("0.84"), D("20.00"), "VOS-001"),
    )
    invoice = an_invoice(*lines, references=("R1-VOSGES",))
    from_ubl = read_invoice(ubl_xml(invoice))
    assert (from_ubl.number, from_ubl.orders, from_ubl.gross) == (invoice.number, ("R1-VOSGES",), invoice.total)
    assert (from_ubl.seller_siren, from_ubl.seller_vat_number) == (SELLER.siren, SELLER.vat_number)
    (one,) = received_documents._lines(from_ubl.lines)
    assert (one.quantity, one.unit_price, one.eco_contribution) == (7, D("1.3333"), D("0.84"))
    for content in (b"", b"%PDF-1.4 nothing", b"<a/>", ubl_xml(invoice)[:200]):
        with pytest.raises(InvalidInput):
            read_invoice(content)


def test_an_invoice_as_factur_x_is_read(market: Market) -> None:
    market.deliver("R1", (0, market.gloves, 10))
    (invoice,) = market.of_kind(market.invoice(), InvoiceKind.MEMBER)
    read = read_invoice(archived(market.world.session, invoice))
    assert (read.number, read.gross, read.orders) == (invoice.number, invoice.total, ("R1-VOSGES",))
    assert [line.sku for line in read.lines] == [market.gloves.sku]


@given(st.sampled_from(LifeCycle), st.sampled_from(LifeCycle))
def test_a_life_cycle_never_goes_back_and_ends(before: LifeCycle, after: LifeCycle) -> None:
    assert may_follow(None, after)
    assert not may_follow(before, before)
    if before in FINAL:
        assert not may_follow(before, after)
    elif may_follow(before, after) and may_follow(after, before):
        assert {before, after} <= {LifeCycle.DISPUTED, LifeCycle.SUSPENDED, LifeCycle.COMPLETED}


@pytest.mark.parametrize("code", ["AB", "IP", "UQ", "CA", "RE", "AP", "PD"])
def test_a_response_is_read_as_it_was_written_and_keeps_its_82_rules(code: str) -> None:
    status = from_peppol(code)
    assert status is not None
    assert to_peppol(status) == code
    response = InvoiceResponse("ENG-1", "VP-0001", status, "Prix trop élevé")
    xml = response_xml(response, BUYER, SELLER, clock.now())
    _read, report = validate_response(xml)
    assert [(one.code, one.text) for one in report.failures] == []
    read = read_response(xml)
    assert (read.number, read.status) == ("VP-0001", status)
    assert from_peppol("ZZ") is None


def test_statuses_that_peppol_has_not_are_not_told() -> None:
    with pytest.raises(InvalidInput):
        response_xml(InvoiceResponse("E", "N", LifeCycle.CASHED), BUYER, SELLER, clock.now())
    for content in (b"", b"<a/>"):
        with pytest.raises(InvalidInput):
            read_response(content)


def test_a_partner_that_is_down_is_asked_again_and_one_that_refuses_is_not(market: Market, partner: str) -> None:
    with pytest.raises(Unavailable):
        PartnerOverHttp("http://127.0.0.1:9").send_invoice(b"<a/>")
    with pytest.raises(DocumentRefused, match="refused"):
        PartnerOverHttp(partner).send_invoice(b"<a/>")
    session = market.world.session
    market.deliver("R1", (0, market.gloves, 10))
    (invoice,) = market.of_kind(market.invoice(), InvoiceKind.MEMBER)
    sent = transmission(session, invoice)
    sent.content = sent.content.replace(b"<cbc:Note>", b"<cbc:Note>a</cbc:Note><cbc:Note>")
    work(session)
    sent = transmission(session, invoice)
    assert (sent.status, sent.life_cycle) == (TransmissionStatus.FAILED, LifeCycle.REJECTED)
    assert "R002" in sent.failure


def test_services_of_the_park_are_invoiced_by_the_association(market: Market, site: Site) -> None:
    session = market.world.session
    form = {"company": market.firms[0].code, "words": "Collecte des cartons", "quantity": "3", "unit_price": "12,50",
            "vat_rate": "10"}  # fmt: skip
    assert site.post("/invoices/services", market.treasurer, data=form).status_code == 303
    (invoice,) = session.exec(select(IssuedInvoice)).all()
    assert (invoice.number, invoice.net_amount, invoice.total) == ("SRV-2026-000001", D("37.50"), D("41.25"))
    assert (-market.balance("706"), market.balance("411")) == (D("37.50"), D("41.25"))
    import_statement(session, market.treasurer, camt(("B1", "CRDT", "41.25", "K", invoice.number)))
    assert market.balance("411") == 0
    for wrong in ({"company": "nobody"}, {"unit_price": ""}, {"quantity": "0"}, {"words": " "}):
        answer = site.post("/invoices/services", market.treasurer, data=form | wrong)
        assert answer.status_code == 422
    with pytest.raises(NotFound):
        issue_service_invoice(session, SYSTEM, "nobody", [])


def test_the_seller_of_what_is_sold_on_is_the_association(market: Market) -> None:
    purchases.let_invoice_itself(market.world.session, market.treasurer, "VOSGES", itself=True)
    market.deliver("R1", (0, market.gloves, 10))
    (member,) = market.of_kind(market.invoice(), InvoiceKind.MEMBER)
    read = read_invoice(archived(market.world.session, member))
    assert (read.seller_name, read.seller_siren) == ("Les Collines", SIRETS[2][:9])
    assert b"mandat" not in transmission(market.world.session, member).content
