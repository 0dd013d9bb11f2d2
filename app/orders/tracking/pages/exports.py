"""The tables of the main loop's screens as files: which columns, in which order, under which words."""

from collections.abc import Iterable

from fastapi.responses import Response

from app.core.i18n import gettext as _
from app.orders.consolidation.labels import reason_words, supplier_fails
from app.orders.consolidation.queries.supplier_orders import AllocationRow, SupplierOrderLineRow
from app.orders.fulfilment.labels import answer_words
from app.orders.ordering.queries.demand import DemandRow
from app.orders.ordering.queries.orders import OrderRow
from app.orders.rounds.models import Round
from app.orders.tracking.queries.served_lines import ServedLineRow
from app.web.exports import ExportFormat, export
from app.web.tables import Column, Link, Table


def demand(form: ExportFormat, code: str, rows: Iterable[DemandRow]) -> Response:
    """The group's demand in a round, offer by offer."""
    header = [_("Supplier"), _("SKU"), _("Article"), _("Wanted"), _("Tolerance"), _("Member lines")]
    header += [_("To a full pack"), _("Price now"), _("List price")]
    return export(
        form,
        f"{code}-demand",
        header,
        (
            (row.supplier, row.sku, row.name, row.quantity, row.tolerance, row.line_count)
            + (row.progress.missing_to_pack, row.progress.price_now, row.progress.list_price)
            for row in rows
        ),
    )


def rounds_table(name: str, rows: Iterable[Round]) -> Table:
    """Rounds with their instants."""
    columns = [Column(_("Round")), Column(_("State"), "status"), Column(_("Opens"), "instant")]
    columns.append(Column(_("Cut-off"), "instant"))
    return Table(
        name,
        columns,
        ((Link(r.name, f"/rounds/{r.code}", r.code), r.status.value, r.opens_at, r.closes_at) for r in rows),
    )


def orders_table(name: str, rows: Iterable[OrderRow], *, with_people: bool) -> Table:
    """Member orders, with firm and person where they are several people's."""
    columns = [Column(_("Order")), Column(_("Round"))]
    columns += [Column(_("Firm")), Column(_("Person"))] if with_people else []
    columns += [Column(_("Placed"), "instant"), Column(_("State"), "status"), Column(_("Lines"), "number")]
    columns += [Column(_("At most"), "money"), Column(_("Your firm's reference"))]
    return Table(
        name,
        columns,
        (
            (Link(row.reference, f"/orders/{row.id}"), row.round_name)
            + ((row.company, row.person) if with_people else ())
            + (row.placed_at, row.status, row.line_count, row.amount, row.company_reference)
            for row in rows
        ),
    )


def order_lines(form: ExportFormat, reference: str, rows: Iterable[ServedLineRow]) -> Response:
    """The lines of a member order, and what became of them."""
    header = [_("Supplier"), _("SKU"), _("Article"), _("Wanted"), _("Tolerance"), _("Never above"), _("Got")]
    header += [_("Missing"), _("Why"), _("Unit price"), _("Amount")]
    return export(
        form,
        reference,
        header,
        (
            (row.supplier, row.sku, row.name, row.quantity, row.tolerance, row.ceiling_price, row.served)
            + (row.unfilled, _why(row), row.unit_price, row.amount)
            for row in rows
        ),
    )


def allocations(form: ExportFormat, code: str, rows: Iterable[AllocationRow]) -> Response:
    """What became of member lines."""
    header = [_("Order"), _("Firm"), _("SKU"), _("Article"), _("Wanted"), _("Got"), _("Missing"), _("Why")]
    header += [_("Unit price"), _("Amount"), _("Commission")]
    return export(
        form,
        f"{code}-allocations",
        header,
        (
            (row.order_reference, row.company, row.sku, row.name, row.wanted, row.served, row.unfilled)
            + (_why(row), row.unit_price, row.amount, row.commission)
            for row in rows
        ),
    )


def _why(row: ServedLineRow | AllocationRow) -> str:
    """Why a line got less than it wanted; nothing where it did not."""
    if row.served is not None and row.allocated is not None and row.served < row.allocated:
        return supplier_fails()
    return reason_words()[row.reason] if row.reason else ""


def supplier_order_lines(form: ExportFormat, number: str, rows: Iterable[SupplierOrderLineRow]) -> Response:
    """The lines of a supplier order."""
    header = [_("SKU"), _("Article"), _("Wanted"), _("Ordered"), _("Packs"), _("List price"), _("Unit price")]
    header += [
        _("Amount"),
        _("Commission"),
        _("VAT"),
        _("Confirmed"),
        _("Asked price"),
        _("Answer"),
        _("Reason"),
        _("Promised"),
    ]
    words = answer_words()
    return export(
        form,
        number,
        header,
        (
            (row.sku, row.name, row.wanted, row.quantity, row.packs, row.list_price, row.unit_price)
            + (row.amount, row.commission, row.vat_rate, row.confirmed_quantity, row.asked_price)
            + (words[row.answer] if row.answer else None, row.answer_reason, row.promised_on)
            for row in rows
        ),
    )
