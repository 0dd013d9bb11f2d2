"""Offers side by side: up to four, kept in a cookie while one looks around; an address of its own to pass on."""

import re
from collections.abc import Iterable
from typing import Annotated

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import RedirectResponse, Response

from app.accounts.authentication import OptionalActor
from app.catalog import queries as catalog
from app.catalog.assortment import hidden_from
from app.catalog.service import require_prices
from app.core.i18n import gettext as _
from app.orders.ordering.pages.offer_cards import ShownOffer, shown_offers
from app.orders.rounds import queries
from app.web.edge import SessionDep, TransactionRoute
from app.web.exports import ExportFormat
from app.web.forms import local_address
from app.web.rendering import render
from app.web.tables import Column, Table

router = APIRouter(route_class=TransactionRoute)

MOST = 4
COOKIE = "compare"
_KEPT_SECONDS = 7 * 24 * 3600
_NUMBERS = re.compile(r"\d{1,9}")


def chosen(request: Request) -> list[int]:
    """The offers that this browser compares."""
    return _offer_ids(request.cookies.get(COOKIE, ""))


def _offer_ids(value: str) -> list[int]:
    return list(dict.fromkeys(int(number) for number in _NUMBERS.findall(value)))[:MOST]


@router.get("/compare")
def compare_page(
    request: Request,
    session: SessionDep,
    actor: OptionalActor,
    offers: Annotated[str, Query(max_length=60)] = "",
    full: bool = False,
    form: ExportFormat | None = None,
) -> Response:
    """The offers of the address (`offers=1-2-3`), or those that this browser compares, side by side; or as a file."""
    require_prices(session, actor)
    rounds = queries.open_rounds(session)
    wanted = _offer_ids(offers) if offers else chosen(request)
    found = catalog.get_offers(session, wanted, hidden_from(session, actor))
    shown = shown_offers(session, found, rounds[0] if rounds else None)
    if form is not None:
        return _table(shown).as_file(form)
    return render(
        request,
        "ordering/compare.html",
        shown=shown,
        round=rounds[0] if rounds else None,
        kept=chosen(request),
        full=full,
        most=MOST,
    )


def _table(shown: Iterable[ShownOffer]) -> Table:
    columns = [Column(_("SKU")), Column(_("Article")), Column(_("Supplier")), Column(_("Price now"), "unit_price")]
    columns += [Column(_("Never above"), "unit_price"), Column(_("Everyone's price, by what the group orders"))]
    columns += [Column(_("Pack"), "number"), Column(_("The group's minimum"), "number")]
    columns += [Column(_("Time to deliver"), "number"), Column(_("Made in")), Column(_("VAT"), "percent")]
    columns.append(Column(_("Eco-contribution"), "unit_price"))
    return Table(
        "comparison",
        columns,
        [
            (one.offer.sku, one.offer.name, one.offer.supplier, one.progress.price_now, one.ceiling)
            + ("; ".join(f"{quantity}: {price}" for quantity, price in one.offer.tiers), one.offer.pack_size)
            + (one.offer.min_quantity, one.offer.lead_time_days, one.offer.origin_country)
            + (one.offer.vat_rate, one.offer.eco_contribution)
            for one in shown
        ],
    )


@router.post("/compare")
def change_comparison(
    request: Request,
    offer_id: Annotated[int, Form(ge=1, le=2_147_483_647)],
    take_out: Annotated[bool, Form()] = False,
    next: Annotated[str, Form(max_length=2000)] = "/compare",  # noqa: A002 - the usual name
) -> Response:
    """Put an offer into the comparison, or take it out; a fifth one is not taken, and the page says so."""
    kept = [offer for offer in chosen(request) if offer != offer_id]
    if not take_out:
        if len(kept) == MOST:
            return RedirectResponse("/compare?full=true", 303)
        kept.append(offer_id)
    response = RedirectResponse(local_address(next, "/compare"), 303)
    response.set_cookie(COOKIE, "-".join(map(str, kept)), max_age=_KEPT_SECONDS, httponly=True, samesite="lax")
    return response
