"""What an order document says, whatever its format: parties, delivery, lines, charges, sums."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import groupby
from typing import Any

from sqlalchemy import text
from sqlmodel import Session

from app.accounts.service import get_association
from app.core import clock
from app.core.apportion import apportion
from app.core.errors import Conflict
from app.core.i18n import country_code, marked
from app.core.money import CENT, ZERO, round_amount
from app.edocuments.parties import Party
from app.edocuments.totals import COLLECTION_AND_RECYCLING, FREIGHT, STANDARD_RATE, Charge, Totals, rounding_of
from app.orders.consolidation.queries.supplier_orders import SupplierOrderRow, get_supplier_order

ECO_CONTRIBUTION = marked("Eco-contribution")
DELIVERY_FEE = marked("Delivery fee")


@dataclass(frozen=True)
class OrderLine:
    """A line; `amount` is the sum of the members' amounts, in euros before VAT."""

    number: int
    sku: str
    name: str
    gtin: str | None
    quantity: int
    unit: str
    pack_size: int
    unit_price: Decimal
    amount: Decimal
    vat_rate: Decimal

    @property
    def rounding(self) -> Decimal:
        """What the members' rounded amounts differ from quantity times price, in euros."""
        return rounding_of(self.amount, self.quantity, self.unit_price)


@dataclass(frozen=True)
class OrderDocument(Totals):
    """An order to a supplier for one park."""

    number: str
    park: str
    issued_on: date
    buyer: Party
    seller: Party
    deliver_to: Party
    deliver_on: date
    round_name: str
    lines: tuple[OrderLine, ...]
    charges: tuple[Charge, ...]

    @property
    def taxed_lines(self) -> tuple[OrderLine, ...]:
        """The lines."""
        return self.lines

    @property
    def document_charges(self) -> tuple[Charge, ...]:
        """The charges."""
        return self.charges


def read_order_documents(session: Session, number: str, *, as_sent: bool = False) -> list[OrderDocument]:
    """The documents of a supplier order, one for each drop, by park: as agreed by now, or as it was sent.

    Raises `Conflict` before the round is approved.
    """
    order = get_supplier_order(session, number)
    rows = _lines(session, order.id, "a.allocated" if as_sent else "coalesce(a.confirmed_quantity, a.allocated)")
    if not rows:
        raise Conflict("Order {order} has no delivery yet: approve its round first.", code="no_drops", order=number)
    association = get_association(session)
    buyer = Party(
        association.name,
        association.street,
        association.postal_code,
        association.city,
        "FR",
        association.siret,
        association.vat_number,
        association.email,
    )
    drops = [list(group) for _drop, group in groupby(rows, key=lambda row: row.drop_id)]
    fees = _fees(order, [sum((row.amount for row in drop), ZERO) for drop in drops])
    return [_document(order, buyer, drop, fee, many=len(drops) > 1) for drop, fee in zip(drops, fees, strict=True)]


def _lines(session: Session, supplier_order_id: int, units: str) -> list[Any]:
    """What each drop brings, in `units` of its allocations; lines of which nobody gets any are left out.

    Terms, names and addresses are those of the cut-off; only a number that was not known then is today's.
    """
    return list(
        session.execute(
            text(f"""
                SELECT d.id AS drop_id, d.delivery_on, k.code AS park_code, k.name AS park, k.street, k.postal_code,
                    k.city, s.name AS supplier, s.street AS supplier_street, s.postal_code AS supplier_postal_code,
                    s.city AS supplier_city, s.country AS supplier_country,
                    coalesce(nullif(s.siret, ''), now.siret) AS siret,
                    coalesce(nullif(s.vat_number, ''), now.vat_number) AS vat_number,
                    coalesce(now.email, '') AS email, r.name AS round_name,
                    coalesce(so.sent_at, so.approved_at) AS issued_at, f.sku, f.name, f.gtin, f.unit, f.pack_size,
                    f.vat_rate, f.eco_contribution, goods.quantity, goods.unit_price, goods.amount
                FROM drops d
                JOIN supplier_orders so ON so.id = d.supplier_order_id
                JOIN round_suppliers s ON s.round_id = so.round_id AND s.supplier_id = so.supplier_id
                JOIN suppliers now ON now.id = so.supplier_id
                JOIN rounds r ON r.id = so.round_id
                JOIN round_parks k ON k.round_id = so.round_id AND k.park_id = d.park_id
                JOIN LATERAL (
                    SELECT a.offer_id, sum({units}) AS quantity,
                        max(a.unit_price) AS unit_price,
                        sum(round({units} * a.unit_price, 2)) AS amount
                    FROM allocations a
                    JOIN order_lines l ON l.id = a.order_line_id
                    JOIN member_orders o ON o.id = l.order_id AND o.park_id = d.park_id
                    WHERE a.supplier_order_id = so.id
                    GROUP BY a.offer_id
                ) goods ON goods.quantity > 0
                JOIN round_offers f ON f.round_id = so.round_id AND f.offer_id = goods.offer_id
                WHERE so.id = :id
                ORDER BY k.code, d.id, f.sku
            """),
            {"id": supplier_order_id},
        )
    )


def _fees(order: SupplierOrderRow, amounts: list[Decimal]) -> list[Decimal]:
    """The delivery fee, shared over the drops by their amounts."""
    weights = [int(amount / CENT) for amount in amounts]
    if not order.delivery_fee or not sum(weights):
        return [ZERO] * len(amounts)
    parts = apportion(int(order.delivery_fee / CENT), weights, list(range(len(weights))))
    return [part * CENT for part in parts]


def _document(order: SupplierOrderRow, buyer: Party, rows: list[Any], fee: Decimal, *, many: bool) -> OrderDocument:
    first = rows[0]
    eco: dict[Decimal, Decimal] = {}
    for row in rows:
        due = round_amount(row.quantity * row.eco_contribution)
        if due:
            eco[row.vat_rate] = eco.get(row.vat_rate, ZERO) + due
    charges = [Charge(ECO_CONTRIBUTION, COLLECTION_AND_RECYCLING, due, rate) for rate, due in sorted(eco.items())]
    if fee:
        charges.append(Charge(DELIVERY_FEE, FREIGHT, fee, STANDARD_RATE))
    return OrderDocument(
        number=f"{order.number}-{first.park_code}" if many else order.number,
        park=first.park_code,
        issued_on=(first.issued_at or clock.now()).astimezone(clock.PARIS).date(),
        buyer=buyer,
        seller=Party(
            first.supplier,
            first.supplier_street,
            first.supplier_postal_code,
            first.supplier_city,
            country_code(first.supplier_country),
            first.siret,
            first.vat_number,
            first.email,
        ),
        deliver_to=Party(first.park, first.street, first.postal_code, first.city),
        deliver_on=first.delivery_on,
        round_name=first.round_name,
        lines=tuple(
            OrderLine(at, row.sku, row.name, row.gtin, row.quantity, row.unit, row.pack_size, row.unit_price,
                      row.amount, row.vat_rate)
            for at, row in enumerate(rows, start=1)
        ),
        charges=tuple(charges),
    )  # fmt: skip
