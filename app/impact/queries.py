"""The park's public figures: sums over rounds and supplier orders, never over lines."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from sqlalchemy import text
from sqlmodel import Session

from app.accounts.models import Park
from app.accounts.queries import list_parks
from app.catalog.suppliers import SupplierPlace, supplier_places
from app.core.database import row_as, rows_as
from app.core.places import Place, distance_km, find_place
from app.orders.rounds.models import APPROVED_ROUNDS

_COUNTED = {"counted": list(APPROVED_ROUNDS)}
AREA_KM, REGION_KM = 30, 150  # the charter's employment area, and its "near" across a border
MONTHS_SHOWN = 12


class Totals(NamedTuple):
    """Everything since the beginning. Amounts in euros before VAT."""

    round_count: int
    order_count: int
    member_count: int
    supplier_count: int
    amount: Decimal
    saved: Decimal
    commission: Decimal
    firm_deliveries: int
    drop_count: int

    @property
    def saved_percent(self) -> Decimal:
        """What was saved, in percent of list prices."""
        listed = self.amount + self.saved
        return (self.saved * 100 / listed).quantize(Decimal("0.1")) if listed else Decimal(0)

    @property
    def trips_avoided(self) -> int:
        """Deliveries that grouping saved: one a supplier and park, rather than one a supplier and firm."""
        return self.firm_deliveries - self.drop_count


def totals(session: Session) -> Totals:
    """The figures of all approved rounds."""
    row = session.execute(
        text("""
            SELECT count(*) AS round_count, coalesce(sum(result.order_count), 0) AS order_count,
                (SELECT count(*) FROM companies WHERE active) AS member_count, (
                    SELECT count(DISTINCT s.supplier_id) FROM supplier_orders s
                    JOIN rounds ro ON ro.id = s.round_id WHERE ro.status = ANY(:counted)) AS supplier_count,
                coalesce(sum(sums.amount), 0) AS amount, coalesce(sum(sums.saved), 0) AS saved,
                coalesce(sum(sums.commission), 0) AS commission,
                coalesce(sum(result.firm_deliveries), 0) AS firm_deliveries,
                coalesce(sum(result.drop_count), 0) AS drop_count
            FROM rounds r
            JOIN round_results result ON result.round_id = r.id
            CROSS JOIN LATERAL (
                SELECT sum(amount) AS amount, sum(list_amount - amount) AS saved, sum(commission) AS commission
                FROM supplier_orders WHERE round_id = r.id
            ) sums
            WHERE r.status = ANY(:counted)
        """),
        _COUNTED,
    ).one()
    return row_as(Totals, row)


class MonthFigures(NamedTuple):
    """What was ordered and saved in the rounds that closed in a month."""

    month: date
    amount: Decimal
    saved: Decimal


def by_month(session: Session) -> list[MonthFigures]:
    """The last months with a round, the earliest first."""
    rows = session.execute(
        text("""
            SELECT date_trunc('month', r.closes_at AT TIME ZONE 'Europe/Paris')::date AS month, sum(s.amount) AS amount,
                sum(s.list_amount - s.amount) AS saved
            FROM rounds r JOIN supplier_orders s ON s.round_id = r.id
            WHERE r.status = ANY(:counted) GROUP BY month ORDER BY month DESC LIMIT :months
        """),
        _COUNTED | {"months": MONTHS_SHOWN},
    )
    return rows_as(MonthFigures, rows)[::-1]


@dataclass(frozen=True)
class Nearness:
    """How near the money went: amounts in euros by distance from the nearest park, and who was near."""

    area: Decimal = Decimal(0)
    region: Decimal = Decimal(0)
    farther: Decimal = Decimal(0)
    unknown: Decimal = Decimal(0)

    @property
    def total(self) -> Decimal:
        """All of it."""
        return self.area + self.region + self.farther + self.unknown

    def percent(self, part: Decimal) -> Decimal:
        """A part of it, in percent."""
        return (part * 100 / self.total).quantize(Decimal("0.1")) if self.total else Decimal(0)


class Sourcing(NamedTuple):
    """Where goods came from: how near, and the places of suppliers and parks."""

    nearness: Nearness
    suppliers: list[SupplierPlace]
    parks: list[tuple[Park, Place]]


def sourcing(session: Session) -> Sourcing:
    """How near suppliers of approved rounds are to the nearest park, by what they were ordered."""
    amounts: dict[int, Decimal] = {
        row.supplier_id: row.amount
        for row in session.execute(
            text("""
                SELECT s.supplier_id, sum(s.amount) AS amount FROM supplier_orders s JOIN rounds r ON r.id = s.round_id
                WHERE r.status = ANY(:counted) GROUP BY s.supplier_id
            """),
            _COUNTED,
        )
    }
    located = [(park, find_place(park.postal_code, park.city)) for park in list_parks(session)]
    parks = [(park, place) for park, place in located if place is not None]
    suppliers = supplier_places(session, list(amounts))
    sums = {"area": Decimal(0), "region": Decimal(0), "farther": Decimal(0), "unknown": Decimal(0)}
    for supplier in suppliers:
        sums[_nearness(supplier, [place for _park, place in parks])] += amounts[supplier.id]
    return Sourcing(Nearness(**sums), suppliers, parks)


def _nearness(supplier: SupplierPlace, parks: list[Place]) -> str:
    place = supplier.place
    if place is None or not parks:
        return "farther" if supplier.country.upper() not in {"", "FR"} else "unknown"
    distance = min(distance_km(place, park) for park in parks)
    if distance <= AREA_KM:
        return "area"
    near = distance <= REGION_KM or any(park.region == place.region for park in parks)
    return "region" if near else "farther"
