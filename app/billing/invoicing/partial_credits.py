"""Documents that ask for more than is due, as when goods went back: each is credited by what it asks too much."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import NamedTuple

from sqlalchemy import text
from sqlmodel import Session

from app.accounts.actor import Actor
from app.accounts.models import Association, Company
from app.billing.invoicing.invoice import InvoiceKind, InvoiceLine, LineKind
from app.billing.invoicing.issue import Draft, association_party, buyer_of, issue, unnumbered
from app.billing.invoicing.member_invoices import DueLine, as_lines, billed_as, eco_lines, positions_of
from app.billing.invoicing.models import InvoicedCommission, InvoicedLine, IssuedInvoice
from app.core import clock
from app.core.i18n import gettext as _
from app.core.i18n import speaking
from app.edocuments.parties import Party
from app.edocuments.totals import STANDARD_RATE

# Lines of which more is invoiced than is served, with each document that still asks for some, the latest first, and
# what that document's own line said (the terms agreed, where an old document does not tell which of its lines it was).
_OVER = """
    SELECT o.company_id, a.order_line_id, so.id AS supplier_order_id, so.number AS order_number, so.received_at,
        coalesce(billed.sku, f.sku) AS sku, coalesce(billed.name, f.name) AS name,
        coalesce(billed.unit_price, a.unit_price) AS unit_price, coalesce(billed.vat_rate, f.vat_rate) AS vat_rate,
        coalesce(eco.unit_price, CASE WHEN billed.sku IS NULL THEN f.eco_contribution ELSE 0 END) AS eco_contribution,
        b.units - a.served AS units, b.amount - a.amount AS amount,
        h.invoice_id, h.units AS held_units, h.amount AS held_amount
    FROM supplier_orders so
    JOIN allocations a ON a.supplier_order_id = so.id
    JOIN order_lines l ON l.id = a.order_line_id
    JOIN member_orders o ON o.id = l.order_id
    JOIN round_offers f ON f.round_id = a.round_id AND f.offer_id = a.offer_id
    JOIN LATERAL (
        SELECT sum(units) AS units, sum(amount) AS amount FROM invoiced_lines i WHERE i.order_line_id = a.order_line_id
    ) b ON b.units > a.served
    JOIN LATERAL (
        SELECT coalesce(k.corrects_id, k.id) AS invoice_id, sum(i.units) AS units, sum(i.amount) AS amount
        FROM invoiced_lines i JOIN issued_invoices k ON k.id = i.invoice_id
        WHERE i.order_line_id = a.order_line_id GROUP BY 1 HAVING sum(i.units) > 0
    ) h ON true
    JOIN invoiced_lines asked ON asked.invoice_id = h.invoice_id AND asked.order_line_id = a.order_line_id
    LEFT JOIN invoice_lines billed ON billed.invoice_id = h.invoice_id AND billed.position = asked.position
    LEFT JOIN LATERAL (
        SELECT e.unit_price FROM invoice_lines e
        WHERE e.invoice_id = h.invoice_id AND e.kind = :eco AND e.sku = billed.sku ORDER BY e.position LIMIT 1
    ) eco ON true
    WHERE so.supplier_id = :supplier
    ORDER BY a.order_line_id, h.invoice_id DESC
"""
_OVER_COMMISSION = """
    SELECT so.id, so.number, b.amount - so.commission AS amount, h.invoice_id, h.amount AS held_amount
    FROM supplier_orders so
    JOIN LATERAL (
        SELECT sum(amount) AS amount FROM invoiced_commissions i WHERE i.supplier_order_id = so.id
    ) b ON b.amount > so.commission
    JOIN LATERAL (
        SELECT coalesce(k.corrects_id, k.id) AS invoice_id, sum(i.amount) AS amount
        FROM invoiced_commissions i JOIN issued_invoices k ON k.id = i.invoice_id
        WHERE i.supplier_order_id = so.id GROUP BY 1 HAVING sum(i.amount) > 0
    ) h ON true
    WHERE so.supplier_id = :supplier
    ORDER BY so.number, h.invoice_id DESC
"""


def is_over(session: Session, supplier_id: int) -> bool:
    """Whether a document of a supplier asks for more than is due."""
    query = text(f"SELECT EXISTS ({_OVER}) OR EXISTS ({_OVER_COMMISSION})")
    return bool(session.scalar(query, {"supplier": supplier_id, "eco": LineKind.ECO_CONTRIBUTION}))


class _Over(NamedTuple):
    """A line of which too much is invoiced, and one of the documents that ask for it."""

    line: DueLine
    invoice_id: int
    held_units: int
    held_amount: Decimal


def take_back(over: Iterable[_Over]) -> dict[int, list[DueLine]]:
    """By document what it is credited: of each line the documents that came last give first. Pure.

    Whatever a line is invoiced too much is given whole: the last document to give takes the cents of rounding.
    """
    given: dict[int, list[DueLine]] = defaultdict(list)
    left: dict[int, tuple[int, Decimal]] = {}
    for one in over:
        line = one.line
        units, amount = left.get(line.order_line_id, (line.units, line.amount))
        gives = min(one.held_units, units)
        if not gives:
            continue
        worth = amount if gives == units else one.held_amount
        given[one.invoice_id].append(line._replace(units=gives, amount=worth))
        left[line.order_line_id] = (units - gives, amount - worth)
    return dict(given)


def credit_returns(
    session: Session, actor: Actor, supplier_id: int, seller: Party, association: Association
) -> Iterator[IssuedInvoice]:
    """Credit each document to a member by what it asks for and the member did not keep."""
    rows = session.execute(text(_OVER), {"supplier": supplier_id, "eco": LineKind.ECO_CONTRIBUTION}).mappings()
    over = [
        _Over(
            DueLine(**{name: row[name] for name in DueLine._fields}),
            row["invoice_id"], row["held_units"], row["held_amount"],
        )
        for row in rows
    ]  # fmt: skip
    for invoice_id, lines in sorted(take_back(over).items()):
        first = session.get_one(IssuedInvoice, invoice_id)
        with speaking("fr"):
            parts = [*as_lines(lines), *eco_lines(lines)]
            reasons = _reasons(session, lines)
        buyer = buyer_of(session, session.get_one(Company, first.company_id))
        stored = _credit(
            session, actor, first, parts, seller, buyer, reasons, "" if first.own_name else association.name
        )
        positions = positions_of(lines)
        session.add_all(
            InvoicedLine(order_line_id=line.order_line_id, invoice_id=stored.id or 0, units=-line.units,
                         amount=-line.amount, position=positions[billed_as(line)])
            for line in lines
        )  # fmt: skip
        session.flush()
        yield stored


def _reasons(session: Session, lines: list[DueLine]) -> str:
    """Why goods went back, as it was recorded."""
    found = session.scalars(
        text("SELECT DISTINCT reason FROM goods_returns WHERE order_line_id = ANY(:lines) ORDER BY reason"),
        {"lines": [line.order_line_id for line in lines]},
    )
    return "; ".join(found)[:500] or _("Less was kept than was invoiced.")


def credit_commission(
    session: Session, actor: Actor, supplier_id: int, buyer: Party, association: Association
) -> Iterator[IssuedInvoice]:
    """Credit the commission invoices that ask for more than the commission of their orders is now."""
    given: dict[int, list[tuple[int, str, Decimal]]] = defaultdict(list)
    left: dict[int, Decimal] = {}
    for row in session.execute(text(_OVER_COMMISSION), {"supplier": supplier_id}):
        gives = min(row.held_amount, left.get(row.id, row.amount))
        left[row.id] = left.get(row.id, row.amount) - gives
        if gives:
            given[row.invoice_id].append((row.id, row.number, gives))
    for invoice_id, orders in sorted(given.items()):
        first = session.get_one(IssuedInvoice, invoice_id)
        with speaking("fr"):
            words, reason = _("Commission on order {number}"), _("Less was kept than was invoiced.")
        lines = [
            InvoiceLine(words.format(number=number), 1, gives, gives, STANDARD_RATE, number, LineKind.COMMISSION)
            for _id, number, gives in orders
        ]
        stored = _credit(session, actor, first, lines, association_party(association), buyer, reason)
        session.add_all(
            InvoicedCommission(supplier_order_id=order_id, invoice_id=stored.id or 0, amount=-gives)
            for order_id, _number, gives in orders
        )
        session.flush()
        yield stored


def _credit(
    session: Session, actor: Actor, first: IssuedInvoice, lines: list[InvoiceLine], seller: Party, buyer: Party,
    reason: str, mandate: str = "",
) -> IssuedInvoice:  # fmt: skip
    today = clock.today()
    credit = unnumbered(
        InvoiceKind.CREDIT_NOTE, today, today, seller, buyer, lines=lines, reason=reason, mandate=mandate,
        corrects=(first.number, first.issued_on),
    )  # fmt: skip
    return issue(
        session,
        actor,
        Draft(f"AV-{first.series}", credit, first.supplier_id, first.company_id, first.id, first.own_name),
    )
