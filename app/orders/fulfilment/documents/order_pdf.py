"""The order to read, in the current language."""

from app.core.i18n import format_day, format_money, format_number, format_rate, format_unit_price
from app.core.i18n import gettext as _
from app.edocuments.parties import Party
from app.edocuments.pdf import Paper, address_of
from app.orders.fulfilment.documents.order_document import OrderDocument, OrderLine


def order_pdf(order: OrderDocument) -> bytes:
    """The order as a PDF."""
    paper = Paper(order.number, _("Order"), order.buyer.name, order.issued_on)
    paper.small_lines([f"{format_day(order.issued_on)} · {order.round_name}"])
    paper.ln(4)
    paper.side_by_side(
        (
            (_("Supplier"), _address(order.seller)),
            (_("Ordered by"), _address(order.buyer)),
            (_("Deliver to"), [*_address(order.deliver_to), format_day(order.deliver_on)]),
        )
    )
    titles = (_("SKU"), _("Article"), _("Units"), _("Packs"), _("Unit price"), _("VAT"), _("Amount"))
    paper.lines_table((26, 74, 18, 18, 22, 16, 26), titles, map(_cells, order.lines))
    paper.sums(
        [
            *((_(charge.words), charge.amount) for charge in order.charges),
            (_("Total before VAT"), order.net_total),
            *((f"{_('VAT')} {format_rate(rate)}", vat) for rate, (_taxed, vat) in order.vat.items()),
            (_("Total with VAT"), order.total),
        ]
    )
    return bytes(paper.output())


def _address(party: Party) -> list[str]:
    return address_of(party, f"SIRET {party.siret}" if party.siret else "")


def _cells(line: OrderLine) -> tuple[str, ...]:
    packs = format_number(line.quantity // line.pack_size) if line.quantity % line.pack_size == 0 else "–"
    price, rate = format_unit_price(line.unit_price), format_rate(line.vat_rate)
    return (line.sku, line.name, format_number(line.quantity), packs, price, rate, format_money(line.amount))
