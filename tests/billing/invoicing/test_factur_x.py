"""Invoices as Factur-X: by the official schema and Schematron of EN 16931, exact in their sums, the data inside."""

import io
from datetime import date
from decimal import Decimal
from pathlib import Path

import facturx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree
from pypdf import PdfReader
from saxonche import PyXsltExecutable

from app.billing.invoicing.factur_x import factur_x
from app.billing.invoicing.invoice import Invoice, InvoiceKind, InvoiceLine, due_on, french_vat_number
from app.billing.invoicing.invoice_cii import cii_xml
from app.core.money import round_amount
from app.edocuments.parties import Party
from app.edocuments.totals import Charge
from tests.schematron import saxon

D = Decimal
RULES = Path(facturx.__file__).parent / "xsd_and_schematron" / "facturx-en16931" / "FACTUR-X_EN16931.xslt"
SVRL = "{http://purl.oclc.org/dsdl/svrl}"
SELLER = Party("Vosges Protection", "1 rue du Parc", "88000", "Épinal", "FR", "73282932000074", "FR44732829320")
BUYER = Party("Menuiserie Klein", "", "68200", "Mulhouse", "FR", "40483304800022", "FR83404833048")


@pytest.fixture(scope="session")
def schematron() -> PyXsltExecutable:
    """The official rules, compiled once: they come as XSLT with the package `factur-x`."""
    return saxon().new_xslt30_processor().compile_stylesheet(stylesheet_file=str(RULES))


def broken_rules(schematron: PyXsltExecutable, xml: bytes) -> list[str]:
    """The rules that a document breaks."""
    node = saxon().parse_xml(xml_text=xml.decode())
    report = etree.fromstring(schematron.transform_to_string(xdm_node=node).encode())
    assert list(report.iter(f"{SVRL}fired-rule"))
    return [f"{one.get('id')} {one.findtext(f'{SVRL}text')}" for one in report.iter(f"{SVRL}failed-assert")]


def an_invoice(*lines: InvoiceLine, kind: InvoiceKind = InvoiceKind.MEMBER, **terms: object) -> Invoice:
    issued = date(2026, 3, 31)
    return Invoice("VOSGES-2026-000001", kind, issued, due_on(issued), SELLER, BUYER, lines, **terms)  # type: ignore[arg-type]


def a_line(quantity: int = 3, price: str = "8.6000", amount: str | None = None, rate: str = "20.00") -> InvoiceLine:
    exact = round_amount(quantity * D(price)) if amount is None else D(amount)
    return InvoiceLine("Gants nitrile", quantity, D(price), exact, D(rate), "VOS-001")


def test_an_invoice_of_many_kinds_of_lines_keeps_every_rule(schematron: PyXsltExecutable) -> None:
    invoice = an_invoice(
        a_line(), a_line(7, "1.3333", "9.34"), a_line(7, "1.3333", "9.31"), a_line(1, "5.00", rate="5.50"),
        a_line(2, "0.00", rate="0.00"), charges=(Charge("Livraison", "FC", D("12.00"), D("20.00")),),
        delivered_on=date(2026, 3, 10), references=("R1-VOSGES",), mandate="Les Collines en commun",
        iban="FR7630006000011234567890189",
    )  # fmt: skip
    assert broken_rules(schematron, cii_xml(invoice)) == []
    assert invoice.vat == {D("0.00"): (D("0.00"), D("0.00")), D("5.50"): (D("5.00"), D("0.28")),
                           D("20.00"): (D("56.45"), D("11.29"))}  # fmt: skip
    assert (invoice.net_total, invoice.vat_total, invoice.total) == (D("61.45"), D("11.57"), D("73.02"))


def test_a_credit_note_names_what_it_corrects(schematron: PyXsltExecutable) -> None:
    credit = an_invoice(a_line(), kind=InvoiceKind.CREDIT_NOTE, corrects=("VOSGES-2026-000001", date(2026, 3, 31)),
                        reason="Article défectueux")  # fmt: skip
    xml = cii_xml(credit)
    assert broken_rules(schematron, xml) == []
    assert b">381<" in xml
    assert "Article défectueux".encode() in xml


amounts = st.decimals(0, 5000, places=4)
rates = st.sampled_from(["20.00", "10.00", "5.50", "2.10", "0.00"])
some_lines = st.builds(
    lambda quantity, price, cents, rate: InvoiceLine(
        "Article", quantity, price, max(round_amount(quantity * price) + D(cents) / 100, D("0.00")), D(rate), "A-1"
    ),
    st.integers(1, 500), amounts, st.integers(-4, 4), rates,
)  # fmt: skip


@given(st.lists(some_lines, min_size=1, max_size=6), st.decimals(0, 99, places=2), rates)
@settings(max_examples=25, deadline=None)
def test_whatever_members_bought_the_official_rules_hold(
    schematron: PyXsltExecutable, lines: list[InvoiceLine], fee: Decimal, rate: str
) -> None:
    charges = (Charge("Livraison", "FC", fee, D(rate)),) if fee else ()
    invoice = an_invoice(*lines, charges=charges)
    assert broken_rules(schematron, cii_xml(invoice)) == []
    assert invoice.total == invoice.net_total + sum(vat for _taxed, vat in invoice.vat.values())


def test_the_file_is_a_pdf_with_the_same_data_inside() -> None:
    content = factur_x(an_invoice(a_line()))
    name, xml = facturx.get_xml_from_pdf(io.BytesIO(content), check_xsd=True)
    assert (content[:5], name) == (b"%PDF-", "factur-x.xml")
    assert facturx.get_level(etree.fromstring(xml)) == "en16931"
    metadata = PdfReader(io.BytesIO(content)).trailer["/Root"]["/Metadata"].get_data()  # type: ignore[index]
    assert b"<pdfaid:part>3</pdfaid:part>" in metadata


@pytest.mark.parametrize(
    ("issued", "due"),
    [
        (date(2026, 1, 1), date(2026, 1, 31)),
        (date(2026, 1, 31), date(2026, 3, 31)),
        (date(2028, 1, 30), date(2028, 2, 29)),
    ],
)
def test_thirty_days_end_of_month(issued: date, due: date) -> None:
    assert due_on(issued) == due


@pytest.mark.parametrize(
    ("siret", "number"), [("73282932000074", "FR44732829320"), ("40483304800022", "FR83404833048"), ("", "")]
)
def test_the_vat_number_follows_from_the_siren(siret: str, number: str) -> None:
    assert french_vat_number(siret) == number
