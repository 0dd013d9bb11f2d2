"""Documents to read: A4, PDF/A-3 (ISO 19005-3, level B), with embedded fonts, so that they can carry data.

Parties side by side, a table of lines, sums below: what orders and invoices print alike.
"""

from collections.abc import Iterable, Sequence
from datetime import date, datetime, time
from decimal import Decimal

import font_roboto
from fpdf import FPDF
from fpdf.enums import Align, DocumentCompliance, TableBordersLayout, TextEmphasis, VAlign
from fpdf.fonts import FontFace

from app.core import clock
from app.core.i18n import country_name, current_locale, format_money
from app.core.i18n import gettext as _
from app.edocuments.parties import Party

INK, MUTED, ACCENT, PAPER = (29, 35, 38), (86, 96, 103), (11, 95, 102), (241, 237, 229)
_FORMAT, _MARGIN_MM = "A4", 16


class Paper(FPDF):
    """A page with the document's number and its own below."""

    def __init__(self, number: str, title: str, author: str, issued_on: date) -> None:
        super().__init__(format=_FORMAT, enforce_compliance=DocumentCompliance.PDFA_3B)
        self.number = number
        self.add_font("Roboto", "", font_roboto.Roboto)
        self.add_font("Roboto", "B", font_roboto.RobotoBold)
        self.set_margins(_MARGIN_MM, _MARGIN_MM)
        self.set_auto_page_break(True, 20)
        self.set_title(f"{title} {number}")
        self.set_author(author)
        self.set_lang(current_locale())
        self.set_creation_date(datetime.combine(issued_on, time(), clock.PARIS))
        self.add_page()
        self.set_font("Roboto", "B", 20)
        self.set_text_color(*ACCENT)
        self.cell(0, 10, f"{title} {number}", new_x="LMARGIN", new_y="NEXT")

    def footer(self) -> None:
        """The number and the page, at the bottom."""
        self.set_y(-14)
        self.set_font("Roboto", size=8)
        self.set_text_color(*MUTED)
        self.cell(0, 5, f"{self.number} · {self.page_no()} / {{nb}}", align=Align.R)

    def small_lines(self, lines: Iterable[str], size_pt: float = 10, height_mm: float = 5.5) -> None:
        """Quiet lines below each other; empty ones are left out."""
        self.set_font("Roboto", size=size_pt)
        self.set_text_color(*MUTED)
        for line in lines:
            if line:
                self.multi_cell(0, height_mm, line, new_x="LMARGIN", new_y="NEXT", align=Align.L)

    def side_by_side(self, columns: Sequence[tuple[str, Sequence[str]]]) -> None:
        """Titles with lines under them, in columns."""
        width, top = self.epw / len(columns), self.get_y()
        lowest = top
        for at, (title, lines) in enumerate(columns):
            self.set_xy(self.l_margin + at * width, top)
            self.set_font("Roboto", "B", 9)
            self.set_text_color(*MUTED)
            self.cell(width, 5, title)
            self.set_xy(self.l_margin + at * width, top + 5)
            self.set_font("Roboto", size=9.5)
            self.set_text_color(*INK)
            self.multi_cell(width - 4, 4.8, "\n".join(lines), align=Align.L)
            lowest = max(lowest, self.get_y())
        self.set_xy(self.l_margin, lowest + 5)

    def lines_table(self, widths: Sequence[int], titles: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
        """A table whose first two columns are words, the others figures."""
        self.set_font("Roboto", size=9)
        with self.table(
            col_widths=tuple(widths),
            text_align=(Align.L, Align.L, *[Align.R] * (len(widths) - 2)),
            borders_layout=TableBordersLayout.HORIZONTAL_LINES,
            headings_style=FontFace(emphasis=TextEmphasis.B, color=MUTED, fill_color=PAPER, size_pt=8.5),
            line_height=5,
            padding=1,
            v_align=VAlign.T,
        ) as table:
            for cells in (titles, *rows):
                row = table.row()
                for cell in cells:
                    row.cell(cell)
        self.ln(3)

    def sums(self, rows: Sequence[tuple[str, Decimal]]) -> None:
        """Amounts below each other, kept together; the last stands out."""
        if self.will_page_break(6 * len(rows)):
            self.add_page()
        for at, (words, amount) in enumerate(rows):
            last = at == len(rows) - 1
            self.set_font("Roboto", "B" if last else "", 11 if last else 9.5)
            self.set_text_color(*(ACCENT if last else INK))
            self.cell(self.epw - 36, 6, words, align=Align.R)
            self.cell(36, 6, format_money(amount), align=Align.R, new_x="LMARGIN", new_y="NEXT")


def address_of(party: Party, identity: str) -> list[str]:
    """A party with its address and its numbers, a line each."""
    place = f"{party.postal_code} {party.city}".strip()
    country = country_name(party.country) if party.country != "FR" else ""
    vat = f"{_('VAT')} {party.vat_number}" if party.vat_number else ""
    return [line for line in (party.name, party.street, place, country, identity, vat) if line]
