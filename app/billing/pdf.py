"""The invoice to read: A4, PDF/A-3 (ISO 19005-3, level B), in French, so that Factur-X can carry its data."""

from datetime import datetime, time

from fpdf.enums import Align, TableBordersLayout, TextEmphasis, VAlign
from fpdf.fonts import FontFace

from app.billing.cii import notes_of
from app.billing.invoice import Invoice, InvoiceKind, InvoiceParty
from app.core import clock
from app.core.i18n import (
    country_name,
    format_day,
    format_money,
    format_number,
    format_rate,
    format_unit_price,
    speaking,
)
from app.core.i18n import gettext as _
from app.orders.documents.pdf import ACCENT, INK, MUTED, PAPER, Paper


def invoice_pdf(invoice: Invoice) -> bytes:
    """The invoice as a PDF; what the law asks for is in French."""
    with speaking("fr"):
        paper = Paper(invoice.number)
        paper.set_title(f"{_title(invoice)} {invoice.number}")
        paper.set_author(invoice.seller.name)
        paper.set_lang("fr")
        paper.set_creation_date(datetime.combine(invoice.issued_on, time(), clock.PARIS))
        paper.add_page()
        _heading(paper, invoice)
        _parties(paper, invoice)
        _lines(paper, invoice)
        _totals(paper, invoice)
        _mentions(paper, invoice)
        return bytes(paper.output())


def _title(invoice: Invoice) -> str:
    return _("Credit note") if invoice.kind is InvoiceKind.CREDIT_NOTE else _("Invoice")


def _heading(paper: Paper, invoice: Invoice) -> None:
    paper.set_font("Roboto", "B", 20)
    paper.set_text_color(*ACCENT)
    paper.cell(0, 10, f"{_title(invoice)} {invoice.number}", new_x="LMARGIN", new_y="NEXT")
    paper.set_font("Roboto", size=10)
    paper.set_text_color(*MUTED)
    days = _("Issued on {day}").format(day=format_day(invoice.issued_on))
    due = _("due on {day}").format(day=format_day(invoice.due_on))
    paper.multi_cell(0, 5.5, f"{days} · {due}", new_x="LMARGIN", new_y="NEXT", align=Align.L)
    if invoice.delivered_on:
        delivered = _("Delivered by {day}").format(day=format_day(invoice.delivered_on))
        paper.cell(0, 5.5, delivered, new_x="LMARGIN", new_y="NEXT")
    if invoice.references:
        orders = _("Orders: {orders}").format(orders=", ".join(invoice.references))
        paper.multi_cell(0, 5, orders, new_x="LMARGIN", new_y="NEXT", align=Align.L)
    paper.ln(4)


def _parties(paper: Paper, invoice: Invoice) -> None:
    width, top = paper.epw / 2, paper.get_y()
    lowest = top
    for at, (title, party) in enumerate(((_("Seller"), invoice.seller), (_("Buyer"), invoice.buyer))):
        paper.set_xy(paper.l_margin + at * width, top)
        paper.set_font("Roboto", "B", 9)
        paper.set_text_color(*MUTED)
        paper.cell(width, 5, title)
        paper.set_xy(paper.l_margin + at * width, top + 5)
        paper.set_font("Roboto", size=9.5)
        paper.set_text_color(*INK)
        paper.multi_cell(width - 4, 4.8, "\n".join(_address_of(party)), align=Align.L)
        lowest = max(lowest, paper.get_y())
    paper.set_xy(paper.l_margin, lowest + 5)


def _address_of(party: InvoiceParty) -> list[str]:
    place = f"{party.postal_code} {party.city}".strip()
    country = country_name(party.country) if party.country != "FR" else ""
    identity = f"SIREN {party.siren}" if party.siren else ""
    vat = f"{_('VAT')} {party.vat_number}" if party.vat_number else ""
    return [line for line in (party.name, party.street, place, country, identity, vat) if line]


def _lines(paper: Paper, invoice: Invoice) -> None:
    paper.set_font("Roboto", size=9)
    with paper.table(
        col_widths=(28, 84, 18, 24, 18, 28),
        text_align=(Align.L, Align.L, Align.R, Align.R, Align.R, Align.R),
        borders_layout=TableBordersLayout.HORIZONTAL_LINES,
        headings_style=FontFace(emphasis=TextEmphasis.B, color=MUTED, fill_color=PAPER, size_pt=8.5),
        line_height=5,
        padding=1,
        v_align=VAlign.T,
    ) as table:
        row = table.row()
        for title in (_("SKU"), _("Article"), _("Units"), _("Unit price"), _("VAT"), _("Amount")):
            row.cell(title)
        for line in invoice.lines:
            row = table.row()
            row.cell(line.sku)
            row.cell(line.name)
            row.cell(format_number(line.quantity))
            row.cell(format_unit_price(line.unit_price))
            row.cell(format_rate(line.vat_rate))
            row.cell(format_money(line.amount))
    paper.ln(3)


def _totals(paper: Paper, invoice: Invoice) -> None:
    rows = [(charge.words, charge.amount) for charge in invoice.charges]
    rows.append((_("Total before VAT"), invoice.net_total))
    for rate, (taxed, vat) in invoice.vat.items():
        words = _("VAT {rate} on {amount}").format(rate=format_rate(rate), amount=format_money(taxed))
        rows.append((words, vat))
    rows.append((_("Total with VAT"), invoice.total))
    if paper.will_page_break(6 * len(rows)):
        paper.add_page()
    for at, (words, amount) in enumerate(rows):
        last = at == len(rows) - 1
        paper.set_font("Roboto", "B" if last else "", 11 if last else 9.5)
        paper.set_text_color(*(ACCENT if last else INK))
        paper.cell(paper.epw - 36, 6, words, align=Align.R)
        paper.cell(36, 6, format_money(amount), align=Align.R, new_x="LMARGIN", new_y="NEXT")


def _mentions(paper: Paper, invoice: Invoice) -> None:
    paper.ln(5)
    paper.set_font("Roboto", size=8)
    paper.set_text_color(*MUTED)
    if invoice.iban:
        paper.cell(0, 4, _("To be paid to IBAN {iban}").format(iban=invoice.iban), new_x="LMARGIN", new_y="NEXT")
    for _code, words in notes_of(invoice):
        paper.multi_cell(0, 4, words, new_x="LMARGIN", new_y="NEXT", align=Align.L)
