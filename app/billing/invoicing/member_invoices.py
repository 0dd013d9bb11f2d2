"""What members are invoiced for: what came, at the group's price, by supplier and firm; each unit once."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from itertools import groupby
from typing import NamedTuple

from sqlalchemy import text
from sqlmodel import Session

from app.accounts.actor import Actor
from app.accounts.models import Association, Company
from app.billing.invoicing.invoice import InvoiceKind, InvoiceLine, LineKind, due_on
from app.billing.invoicing.issue import Draft, buyer_of, issue, unnumbered
from app.billing.invoicing.models import InvoicedFee, InvoicedLine, IssuedInvoice
from app.catalog.models import Supplier
from app.core import clock
from app.core.database import rows_as
from app.core.i18n import gettext as _
from app.core.i18n import speaking
from app.core.money import ZERO, round_amount
from app.edocuments.parties import Party
from app.edocuments.totals import FREIGHT, STANDARD_RATE, Charge

OWN_SERIES = "VTE"  # what the association sells in its own name


class DueLine(NamedTuple):
    """Units of a member line that came and stand on no invoice yet."""

    company_id: int
    order_line_id: int
    supplier_order_id: int
    order_number: str
    received_at: datetime
    sku: str
    name: str
    unit_price: Decimal
    vat_rate: Decimal
    eco_contribution: Decimal
    units: int
    amount: Decimal


# What is served of a line at drops received before an instant, less what was invoiced of it.
_DUE = """
    SELECT o.company_id, a.order_line_id, so.id AS supplier_order_id, so.number AS order_number, d.received_at,
        f.sku, f.name, a.unit_price, f.vat_rate, f.eco_contribution, a.served - coalesce(b.units, 0) AS units,
        a.amount - coalesce(b.amount, 0) AS amount
    FROM supplier_orders so
    JOIN drops d ON d.supplier_order_id = so.id AND d.received_at < :before
    JOIN allocations a ON a.supplier_order_id = so.id
    JOIN order_lines l ON l.id = a.order_line_id
    JOIN member_orders o ON o.id = l.order_id AND o.park_id = d.park_id
    JOIN round_offers f ON f.round_id = a.round_id AND f.offer_id = a.offer_id
    LEFT JOIN LATERAL (
        SELECT sum(units) AS units, sum(amount) AS amount FROM invoiced_lines i WHERE i.order_line_id = a.order_line_id
    ) b ON true
    WHERE so.supplier_id = :supplier AND a.served > coalesce(b.units, 0)
        AND (CAST(:companies AS int[]) IS NULL OR o.company_id = ANY(:companies))
    ORDER BY o.company_id, f.sku, a.unit_price, a.order_line_id
"""


def suppliers_due(session: Session, before: datetime, companies: Sequence[int] | None = None) -> dict[int, int]:
    """The suppliers of which members (or some of them) have something to be invoiced that came before an instant, with
    how many firms."""
    rows = session.execute(
        text(f"""
            SELECT s.id, count(DISTINCT due.company_id) AS firms FROM suppliers s
            CROSS JOIN LATERAL ({_DUE.replace(":supplier", "s.id")}) due GROUP BY s.id ORDER BY s.id
        """),
        {"before": before, "companies": companies},
    )
    return {row.id: row.firms for row in rows}


def members_owe(session: Session, supplier_id: int, before: datetime) -> bool:
    """Whether members have something of a supplier to be invoiced that came before an instant."""
    query = text(f"SELECT EXISTS ({_DUE})")
    return bool(session.scalar(query, {"supplier": supplier_id, "before": before, "companies": None}))


def issue_member_invoices(
    session: Session, actor: Actor, supplier_id: int, seller: Party, association: Association, before: datetime,
    companies: Sequence[int] | None = None,
) -> Iterator[IssuedInvoice]:  # fmt: skip
    """Issue an invoice for each firm (or some), for everything of a supplier that came before an instant."""
    due = session.execute(text(_DUE), {"supplier": supplier_id, "before": before, "companies": companies})
    rows = rows_as(DueLine, due)
    fees = _fees_due(session, {row.supplier_order_id for row in rows})
    supplier = session.get_one(Supplier, supplier_id)
    itself = supplier.invoices_itself
    series, mandate = (OWN_SERIES, "") if itself else (supplier.code, association.name)
    for company_id, group in groupby(rows, key=lambda row: row.company_id):
        lines = list(group)
        own_fees = {order: fees.pop((order, company_id)) for order in {line.supplier_order_id for line in lines}
                    if (order, company_id) in fees}  # fmt: skip
        company = session.get_one(Company, company_id)
        with speaking("fr"):
            invoice = unnumbered(
                InvoiceKind.MEMBER, clock.today(), due_on(clock.today()), seller, buyer_of(session, company),
                lines=[*as_lines(lines), *eco_lines(lines)], charges=_as_charges(sum(own_fees.values(), ZERO)),
                delivered_on=max(line.received_at for line in lines).astimezone(clock.PARIS).date(),
                references=sorted({line.order_number for line in lines}), mandate=mandate,
                iban=association.iban,
            )  # fmt: skip
        stored = issue(session, actor, Draft(series, invoice, supplier_id, company_id, own_name=itself))
        positions = positions_of(lines)
        session.add_all(
            InvoicedLine(order_line_id=line.order_line_id, invoice_id=stored.id or 0, units=line.units,
                         amount=line.amount, position=positions[billed_as(line)])
            for line in lines
        )  # fmt: skip
        session.add_all(
            InvoicedFee(supplier_order_id=order, company_id=company_id, invoice_id=stored.id or 0, amount=fee)
            for order, fee in own_fees.items()
        )
        session.flush()
        yield stored


def _fees_due(session: Session, orders: set[int]) -> dict[tuple[int, int], Decimal]:
    """Parts of delivery fees that stand on no invoice, by supplier order and company."""
    rows = session.execute(
        text("""
            SELECT s.supplier_order_id, s.company_id, s.amount FROM delivery_fee_shares s
            WHERE s.supplier_order_id = ANY(:orders) AND coalesce((
                SELECT sum(i.amount) FROM invoiced_fees i
                WHERE i.supplier_order_id = s.supplier_order_id AND i.company_id = s.company_id), 0) = 0
                AND s.amount <> 0
        """),
        {"orders": list(orders)},
    )
    return {(row.supplier_order_id, row.company_id): row.amount for row in rows}


@dataclass
class _Sum:
    units: int = 0
    amount: Decimal = ZERO
    articles: list[DueLine] = field(default_factory=list)


_Article = tuple[str, str, Decimal, Decimal]


def billed_as(row: DueLine) -> _Article:
    """What units have in common that stand on one line: SKU, name, unit price, VAT rate."""
    return row.sku, row.name, row.unit_price, row.vat_rate


def positions_of(rows: list[DueLine]) -> dict[_Article, int]:
    """The positions of the lines that `as_lines` makes, from 1."""
    return {article: at for at, article in enumerate(dict.fromkeys(map(billed_as, rows)), start=1)}


def as_lines(rows: list[DueLine]) -> list[InvoiceLine]:
    """One line for each article and price, however many members of the firm ordered it."""
    sums: defaultdict[_Article, _Sum] = defaultdict(_Sum)
    for row in rows:
        found = sums[billed_as(row)]
        found.units += row.units
        found.amount += row.amount
    return [
        InvoiceLine(name, found.units, price, found.amount, rate, sku)
        for (sku, name, price, rate), found in sums.items()
    ]


def eco_lines(rows: list[DueLine]) -> list[InvoiceLine]:
    """The eco-contribution of articles that bear one, as a line of its own (Code de l'environnement, art. L541-10)."""
    units: defaultdict[tuple[str, str, Decimal, Decimal], int] = defaultdict(int)
    for row in rows:
        if row.eco_contribution:
            units[row.sku, row.name, row.eco_contribution, row.vat_rate] += row.units
    words = _("Eco-contribution: {name}")
    return [
        InvoiceLine(
            words.format(name=name), count, eco, round_amount(count * eco), rate, sku, LineKind.ECO_CONTRIBUTION
        )
        for (sku, name, eco, rate), count in units.items()
    ]


def _as_charges(fee: Decimal) -> tuple[Charge, ...]:
    return (Charge(_("Delivery"), FREIGHT, fee, STANDARD_RATE),) if fee else ()
