"""Money in the demo: one supplier's order has come to a park, its firms are invoiced, and most of them have paid."""

from sqlalchemy import text
from sqlmodel import Session, select

from app.accounts.actor import COMMAND_LINE, Actor
from app.accounts.service import get_association
from app.billing.invoicing.models import IssuedInvoice
from app.billing.invoicing.runs import invoice_supplier
from app.billing.payments.bank_matching import import_statement
from app.billing.payments.supplier_payments import set_iban
from app.core import clock
from app.demo.firms import SPEAKERS_SUPPLIER
from app.orders.consolidation.models.supplier_orders import SupplierOrderStatus
from app.orders.fulfilment.receipts import receive_drop

_FEWEST_FIRMS = 5
_STILL_OPEN = 3
_IBAN, _SUPPLIER_IBAN = "FR7630006000011234567890189", "FR1420041010050500013M02606"  # examples of banks
_CREDITOR = "FR72ZZZ123456"  # the example of a SEPA creditor identifier


def bill_a_delivery(session: Session, manager: Actor, treasurer: Actor, code: str) -> None:
    """Receive at one park the order of a round that the fewest firms share, invoice it, import a statement; once."""
    if session.exec(select(IssuedInvoice.id).limit(1)).first() is not None:
        return
    association = get_association(session)
    association.iban, association.creditor_id = _IBAN, _CREDITOR
    order = session.execute(
        text("""
            SELECT so.number, so.supplier_id, s.code FROM supplier_orders so
            JOIN rounds r ON r.id = so.round_id AND r.code = :code
            JOIN suppliers s ON s.id = so.supplier_id AND s.siret <> '' AND s.code <> :speaker
            JOIN allocations a ON a.supplier_order_id = so.id
            JOIN order_lines l ON l.id = a.order_line_id JOIN member_orders o ON o.id = l.order_id
            WHERE so.status = :sent GROUP BY so.id, s.id
            HAVING count(DISTINCT o.company_id) >= :fewest ORDER BY count(DISTINCT o.company_id), so.number LIMIT 1
        """),
        {"code": code, "speaker": SPEAKERS_SUPPLIER, "fewest": _FEWEST_FIRMS, "sent": SupplierOrderStatus.SENT},
    ).one_or_none()
    if order is None:
        return
    park = session.scalar(
        text("""
            SELECT p.code FROM drops d JOIN supplier_orders o ON o.id = d.supplier_order_id AND o.number = :number
            JOIN parks p ON p.id = d.park_id ORDER BY p.code LIMIT 1
        """),
        {"number": order.number},
    )
    receive_drop(session, manager, order.number, str(park))
    for person in (treasurer, COMMAND_LINE):  # the second confirms what the first asks
        set_iban(session, person, order.code, _SUPPLIER_IBAN)
    issued = [
        one
        for one in invoice_supplier(session, treasurer, order.supplier_id, clock.now())
        if one.company_id is not None
    ]
    import_statement(session, treasurer, _statement(issued[:-_STILL_OPEN] or issued))


def _statement(paid: list[IssuedInvoice]) -> bytes:
    """A statement as a bank gives it: transfers with the numbers of invoices, and one without."""
    day = clock.today().isoformat()
    rows = [f"{day};{one.total};Facture {one.number};Adhérent" for one in paid]
    return "\n".join(["date;amount;words;counterparty", *rows, f"{day};48.60;acompte;Menuiserie"]).encode()
