"""What the manager watches while rounds are open, of one or of all: short lists on screen, whole ones as files."""

from collections.abc import Callable
from dataclasses import dataclass

from fastapi.responses import Response
from sqlmodel import Session

from app.core.i18n import gettext as _
from app.orders.tracking.queries import cockpit as cockpit_queries
from app.web.exports import ExportFormat
from app.web.tables import Column, Link, Table

_WHOLE = 100_000


@dataclass(frozen=True)
class Watched:
    """Prices about to fall, and the tables beside them."""

    withdrawn: Table
    near_tiers: list[cockpit_queries.NearTier]
    near_packs: Table
    waiting: Table
    under_minimum: Table


def watch(session: Session, round_ids: list[int]) -> Watched:
    """What is nearest to happen in some open rounds."""
    return Watched(
        withdrawn_table(cockpit_queries.withdrawn_in_demand(session, round_ids)),
        cockpit_queries.tiers_nearly_reached(session, round_ids),
        _packs(cockpit_queries.packs_nearly_full(session, round_ids)),
        _waiting(cockpit_queries.waiting_by_company(session, round_ids)),
        _minimums(cockpit_queries.suppliers_under_minimum(session, round_ids)),
    )


def withdrawn_table(rows: list[cockpit_queries.WithdrawnOffer]) -> Table:
    """Offers that are withdrawn though members want them."""
    columns = [Column(_("Round")), Column(_("Supplier")), Column(_("Article")), Column(_("Wanted"), "number")]
    return Table(
        "withdrawn",
        columns,
        [(one.round_code, one.supplier, Link(one.name, f"/products/{one.product_id}"), one.quantity) for one in rows],
    )


def _tiers(rows: list[cockpit_queries.NearTier]) -> Table:
    columns = [Column(_("Round")), Column(_("Supplier")), Column(_("Article")), Column(_("Wanted"), "number")]
    columns += [Column(_("Missing"), "number"), Column(_("Price now"), "unit_price"), Column(_("Then"), "unit_price")]
    return Table(
        "prices-about-to-fall",
        columns,
        [
            (near.round_code, near.supplier, near.name, near.quantity, near.missing, near.price_now, near.next_price)
            for near in rows
        ],
    )


def _packs(rows: list[cockpit_queries.NearPack]) -> Table:
    columns = [Column(_("Article")), Column(_("Wanted"), "number"), Column(_("Tolerance"), "number")]
    columns.append(Column(_("Missing"), "number"))
    return Table(
        "packs",
        columns,
        [
            (Link(near.name, f"/products/{near.product_id}"), near.quantity, near.tolerance, near.missing)
            for near in rows
        ],
    )


def _waiting(rows: list[cockpit_queries.WaitingCompany]) -> Table:
    columns = [Column(_("Firm")), Column(_("Orders"), "number"), Column(_("At most"), "money")]
    columns.append(Column(_("Since"), "instant"))
    return Table("waiting", columns, [(firm.company, firm.order_count, firm.amount, firm.oldest) for firm in rows])


def _minimums(rows: list[cockpit_queries.UnderMinimum]) -> Table:
    columns = [Column(_("Supplier")), Column(_("At list prices"), "money"), Column(_("Minimum order"), "money")]
    columns.append(Column(_("Free delivery from"), "money"))
    return Table(
        "minimums", columns, [(low.supplier, low.amount, low.minimum_order, low.free_delivery_from) for low in rows]
    )


_FILES: dict[str, Callable[[Session, list[int]], Table]] = {
    "withdrawn": lambda session, ids: withdrawn_table(cockpit_queries.withdrawn_in_demand(session, ids, _WHOLE)),
    "tiers": lambda session, ids: _tiers(cockpit_queries.tiers_nearly_reached(session, ids, _WHOLE)),
    "packs": lambda session, ids: _packs(cockpit_queries.packs_nearly_full(session, ids, _WHOLE)),
    "waiting": lambda session, ids: _waiting(cockpit_queries.waiting_by_company(session, ids, _WHOLE)),
    "minimums": lambda session, ids: _minimums(cockpit_queries.suppliers_under_minimum(session, ids, _WHOLE)),
}
TABLE_NAMES = "^(" + "|".join(_FILES) + ")?$"


def watched_file(form: ExportFormat, table: str, session: Session, round_ids: list[int]) -> Response:
    """One of the lists, whole, as a file."""
    return _FILES[table](session, round_ids).as_file(form)
