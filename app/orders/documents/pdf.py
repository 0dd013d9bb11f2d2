"""The order to read: A4, PDF/A-3 (ISO 19005-3, level B), with embedded fonts, so that Order-X can carry it."""

from datetime import datetime, time

import font_roboto
from fpdf import FPDF
from fpdf.enums import Align, DocumentCompliance, TableBordersLayout, TextEmphasis, VAlign
from fpdf.fonts import FontFace

from app.core import clock
from app.core.i18n import (
    country_name,
    current_locale,
    format_day,
    format_money,
    format_number,
    format_rate,
    format_unit_price,
)
from app.core.i18n import gettext as _
from app.orders.documents.order_document import OrderDocument, Party

INK, MUTED, ACCENT, PAPER = (29, 35, 38), (86, 96, 103), (11, 95, 102), (241, 237, 229)
_FORMAT, _MARGIN_MM = "A4", 16


class Paper(FPDF):
    """A page with the order's number and its own below."""

    def __init__(self, number: str) -> None:
        super().__init__(format=_FORMAT, enforce_compliance=DocumentCompliance.PDFA_3B)
        self.number = number
        self.add_font("Roboto", "", font_roboto.Roboto)
        self.add_font("Roboto", "B", font_roboto.RobotoBold)
        self.set_margins(_MARGIN_MM, _MARGIN_MM)
        self.set_auto_page_break(True, 20)

    def footer(self) -> None:
        """The number and the page, at the bottom."""
        self.set_y(-14)
        self.set_font("Roboto", size=8)
        self.set_text_color(*MUTED)
        self.cell(0, 5, f"{self.number} · {self.page_no()} / {{nb}}", align=Align.R)


def order_pdf(order: OrderDocument) -> bytes:
    """The order as a PDF in the current language."""
    paper = Paper(order.number)
    paper.set_title(f"{_('Order')} {order.number}")
    paper.set_author(order.buyer.name)
    paper.set_lang(current_locale())
    paper.set_creation_date(datetime.combine(order.issued_on, time(), clock.PARIS))
    paper.add_page()
    _heading(paper, order)
    _parties(paper, order)
    _lines(paper, order)
    _totals(paper, order)
    return bytes(paper.output())


def _heading(paper: Paper, order: OrderDocument) -> None:
    paper.set_font("Roboto", "B", 20)
    paper.set_text_color(*ACCENT)
    paper.cell(0, 10, f"{_('Order')} {order.number}", new_x="LMARGIN", new_y="NEXT")
    paper.set_font("Roboto", size=10)
    paper.set_text_color(*MUTED)
    paper.cell(0, 6, f"{format_day(order.issued_on)} · {order.round_name}", new_x="LMARGIN", new_y="NEXT")
    paper.ln(4)


def _parties(paper: Paper, order: OrderDocument) -> None:
    columns = (
        (_("Supplier"), _address_of(order.seller)),
        (_("Ordered by"), _address_of(order.buyer)),
        (_("Deliver to"), [*_address_of(order.deliver_to), format_day(order.deliver_on)]),
    )
    paper.set_text_color(*INK)
    width = paper.epw / len(columns)
    top = paper.get_y()
    lowest = top
    for at, (title, lines) in enumerate(columns):
        paper.set_xy(paper.l_margin + at * width, top)
        paper.set_font("Roboto", "B", 9)
        paper.set_text_color(*MUTED)
        paper.cell(width, 5, title)
        paper.set_xy(paper.l_margin + at * width, top + 5)
        paper.set_font("Roboto", size=9.5)
        paper.set_text_color(*INK)
        paper.multi_cell(width - 4, 4.8, "\n".join(lines), align=Align.L)
        lowest = max(lowest, paper.get_y())
    paper.set_xy(paper.l_margin, lowest + 5)


def _address_of(party: Party) -> list[str]:
    place = f"{party.postal_code} {party.city}".strip()
    country = country_name(party.country) if party.country != "FR" else ""
    identity = f"SIRET {party.siret}" if party.siret else ""
    vat = f"{_('VAT')} {party.vat_number}" if party.vat_number else ""
    return [line for line in (party.name, party.street, place, country, identity, vat) if line]


def _lines(paper: Paper, order: OrderDocument) -> None:
    heading = FontFace(emphasis=TextEmphasis.B, color=MUTED, fill_color=PAPER, size_pt=8.5)
    paper.set_font("Roboto", size=9)
    with paper.table(
        col_widths=(26, 74, 18, 18, 22, 16, 26),
        text_align=(Align.L, Align.L, Align.R, Align.R, Align.R, Align.R, Align.R),
        borders_layout=TableBordersLayout.HORIZONTAL_LINES,
        headings_style=heading,
        line_height=5,
        padding=1,
        v_align=VAlign.T,
    ) as table:
        row = table.row()
        for title in (_("SKU"), _("Article"), _("Units"), _("Packs"), _("Unit price"), _("VAT"), _("Amount")):
            row.cell(title)
        for line in order.lines:
            row = table.row()
            packs = format_number(line.quantity // line.pack_size) if line.quantity % line.pack_size == 0 else "–"
            row.cell(line.sku)
            row.cell(line.name)
            row.cell(format_number(line.quantity))
            row.cell(packs)
            row.cell(format_unit_price(line.unit_price))
            row.cell(format_rate(line.vat_rate))
            row.cell(format_money(line.amount))
    paper.ln(3)


def _totals(paper: Paper, order: OrderDocument) -> None:
    rows = [(_(charge.words), charge.amount) for charge in order.charges]
    rows.append((_("Total before VAT"), order.net_total))
    rows += [(f"{_('VAT')} {format_rate(rate)}", vat) for rate, (_taxed, vat) in order.vat.items()]
    rows.append((_("Total with VAT"), order.total))
    if paper.will_page_break(6 * len(rows)):
        paper.add_page()
    for at, (words, amount) in enumerate(rows):
        last = at == len(rows) - 1
        paper.set_font("Roboto", "B" if last else "", 11 if last else 9.5)
        paper.set_text_color(*(ACCENT if last else INK))
        paper.cell(paper.epw - 36, 6, words, align=Align.R)
        paper.cell(36, 6, format_money(amount), align=Align.R, new_x="LMARGIN", new_y="NEXT")
