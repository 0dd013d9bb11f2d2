"""The invoice to read, in French: what the law asks for is."""

from app.billing.invoicing.invoice import Invoice, InvoiceKind, InvoiceLine
from app.billing.invoicing.invoice_cii import notes_of
from app.core.i18n import format_day, format_money, format_number, format_rate, format_unit_price, speaking
from app.core.i18n import gettext as _
from app.edocuments.parties import Party
from app.edocuments.pdf import Paper, address_of


def invoice_pdf(invoice: Invoice) -> bytes:
    """The invoice as a PDF."""
    with speaking("fr"):
        title = _("Credit note") if invoice.kind is InvoiceKind.CREDIT_NOTE else _("Invoice")
        paper = Paper(invoice.number, title, invoice.seller.name, invoice.issued_on)
        paper.small_lines(_heading(invoice))
        paper.ln(4)
        paper.side_by_side(((_("Seller"), _address(invoice.seller)), (_("Buyer"), _address(invoice.buyer))))
        titles = (_("SKU"), _("Article"), _("Units"), _("Unit price"), _("VAT"), _("Amount"))
        paper.lines_table((28, 84, 18, 24, 18, 28), titles, map(_cells, invoice.lines))
        words = _("VAT {rate} on {amount}")
        paper.sums(
            [
                *((charge.words, charge.amount) for charge in invoice.charges),
                (_("Total before VAT"), invoice.net_total),
                *(
                    (words.format(rate=format_rate(rate), amount=format_money(taxed)), vat)
                    for rate, (taxed, vat) in invoice.vat.items()
                ),
                (_("Total with VAT"), invoice.total),
            ]
        )
        paper.ln(5)
        paid_to = [_("To be paid to IBAN {iban}").format(iban=invoice.iban)] if invoice.iban else []
        paper.small_lines([*paid_to, *(words for _code, words in notes_of(invoice))], size_pt=8, height_mm=4)
        return bytes(paper.output())


def _heading(invoice: Invoice) -> list[str]:
    days = _("Issued on {day}").format(day=format_day(invoice.issued_on))
    due = _("due on {day}").format(day=format_day(invoice.due_on))
    lines = [f"{days} · {due}"]
    if invoice.delivered_on:
        lines.append(_("Delivered by {day}").format(day=format_day(invoice.delivered_on)))
    if invoice.references:
        lines.append(_("Orders: {orders}").format(orders=", ".join(invoice.references)))
    return lines


def _address(party: Party) -> list[str]:
    return address_of(party, f"SIREN {party.siren}" if party.siren else "")


def _cells(line: InvoiceLine) -> tuple[str, ...]:
    price, rate = format_unit_price(line.unit_price), format_rate(line.vat_rate)
    return (line.sku, line.name, format_number(line.quantity), price, rate, format_money(line.amount))
