"""A supplier order written to files, in the format that its supplier takes."""

from collections.abc import Callable
from pathlib import Path

from sqlalchemy import text
from sqlmodel import Session

from app.core.i18n import gettext as _
from app.orders.fulfilment.documents.answer_documents import read_answers, read_despatches
from app.orders.fulfilment.documents.answer_ubl import despatch_xml, response_xml
from app.orders.fulfilment.documents.formats import DocumentFormat
from app.orders.fulfilment.documents.order_document import OrderDocument, read_order_documents
from app.orders.fulfilment.documents.order_pdf import order_pdf
from app.orders.fulfilment.documents.order_ubl import order_xml
from app.orders.fulfilment.documents.order_x import order_x
from app.web.exports import ExportFormat
from app.web.tables import Column, Table


def _sheet(order: OrderDocument, form: ExportFormat) -> bytes:
    columns = [Column(_("Order")), Column(_("Park")), Column(_("Delivery"), "day"), Column(_("Line"), "number")]
    columns += [Column(_("SKU")), Column("GTIN"), Column(_("Article")), Column(_("Units"), "number")]
    columns += [Column(_("Pack size"), "number"), Column(_("Unit price"), "unit_price"), Column(_("VAT"), "percent")]
    columns.append(Column(_("Amount"), "money"))
    head = (order.number, order.deliver_to.name, order.deliver_on)
    rows: list[tuple[object, ...]] = [
        (*head, line.number, line.sku, line.gtin or "", line.name, line.quantity, line.pack_size, line.unit_price)
        + (line.vat_rate, line.amount)
        for line in order.lines
    ]
    rows += [
        (*head, "", "", "", _(charge.words), "", "", "", charge.vat_rate, charge.amount) for charge in order.charges
    ]
    return bytes(Table(order.number, columns, rows).as_file(form).body)


_WRITERS: dict[DocumentFormat, tuple[str, Callable[[OrderDocument], bytes]]] = {
    DocumentFormat.UBL: (".xml", order_xml),
    DocumentFormat.ORDER_X: (".pdf", order_x),
    DocumentFormat.PDF: (".pdf", order_pdf),
    DocumentFormat.CSV: (".csv", lambda order: _sheet(order, ExportFormat.CSV)),
    DocumentFormat.XLSX: (".xlsx", lambda order: _sheet(order, ExportFormat.XLSX)),
}


def forms_of(session: Session, number: str) -> list[tuple[DocumentFormat, str]]:
    """The formats in which there is something to write of an order by now, with their names."""
    answered, left = session.execute(
        text("""
            SELECT o.acknowledged_at IS NOT NULL,
                EXISTS (SELECT FROM despatch_advices d WHERE d.supplier_order_id = o.id)
            FROM supplier_orders o WHERE o.number = :number
        """),
        {"number": number},
    ).one()
    forms = [(DocumentFormat.PDF, "PDF"), (DocumentFormat.ORDER_X, "Order-X"), (DocumentFormat.UBL, "Peppol UBL")]
    forms += [(DocumentFormat.CSV, "CSV"), (DocumentFormat.XLSX, "XLSX")]
    if answered:
        forms.append((DocumentFormat.ORDER_RESPONSE, _("Answer (Peppol)")))
    if left:
        forms.append((DocumentFormat.DESPATCH_ADVICE, _("Despatch advice (Peppol)")))
    return forms


def order_files(session: Session, number: str, form: DocumentFormat) -> dict[str, bytes]:
    """The files of a supplier order by name, one for each drop, or for each despatch advice.

    Raises `Conflict` where there is nothing of the kind yet.
    """
    if form is DocumentFormat.ORDER_RESPONSE:
        return {f"{one.order.number}-response.xml": response_xml(one) for one in read_answers(session, number)}
    if form is DocumentFormat.DESPATCH_ADVICE:
        return {f"{number}-{at}.xml": despatch_xml(one) for at, one in enumerate(read_despatches(session, number), 1)}
    ending, write = _WRITERS[form]
    return {document.number + ending: write(document) for document in read_order_documents(session, number)}


def write_order_files(session: Session, number: str, form: DocumentFormat, folder: Path) -> list[Path]:
    """Write the files of a supplier order into a folder, which is made at need."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for name, content in order_files(session, number, form).items():
        path = folder / name
        path.write_bytes(content)
        written.append(path)
    return written
