"""Routes of rounds: planning, live demand, consolidation, the manager's decisions, approval, sending."""

from typing import Annotated

from fastapi import Path, Query, Response

from app.accounts.authentication import SignedIn
from app.accounts.permissions import Permission
from app.catalog.api import DryRun, SkipBadRows, Upload, take_in
from app.catalog.schemas import ImportRunOut
from app.orders import queries, schemas
from app.orders.models import Round
from app.orders.service import acknowledging, approving, consolidating, deciding, receiving, returning, rounds, series
from app.orders.service.rounds import get_round, round_key
from app.web.api import DEFAULT_LIMIT, Cursor, ExpectedVersion, Id, Limit, PageOut, api_router, page_out, set_etag
from app.web.bodies import MAX_ID, Text
from app.web.edge import SessionDep

router = api_router("rounds")

Code = Annotated[Text, Path(max_length=120, examples=["2026-10"])]


def _shown(response: Response, purchasing_round: Round) -> schemas.RoundOut:
    set_etag(response, purchasing_round.version)
    return schemas.RoundOut.model_validate(purchasing_round)


@router.get("/rounds")
def list_rounds(
    session: SessionDep, actor: SignedIn, cursor: Cursor = None, limit: Limit = DEFAULT_LIMIT
) -> PageOut[schemas.RoundOut]:
    """Rounds, those with the latest cut-off first."""
    actor.require(Permission.VIEW_PRICES)
    return page_out(queries.list_rounds(session, cursor, limit), schemas.RoundOut)


@router.post("/rounds", status_code=201)
def create_round(
    session: SessionDep, actor: SignedIn, response: Response, planned: schemas.RoundIn
) -> schemas.RoundOut:
    """Plan a round."""
    made = rounds.create_round(
        session,
        actor,
        **planned.model_dump(exclude={"deliveries"}),
        deliveries={delivery.park_id: delivery.delivery_on for delivery in planned.deliveries},
    )
    response.headers["Location"] = f"/api/v1/rounds/{made.code}"
    return _shown(response, made)


@router.get("/round-series")
def list_series(session: SessionDep, actor: SignedIn) -> list[schemas.SeriesOut]:
    """The series of rounds that go on."""
    actor.require(Permission.MANAGE_ROUNDS)
    return [schemas.SeriesOut.model_validate(one) for one in series.list_series(session)]


@router.post("/round-series", status_code=201)
def start_series(session: SessionDep, actor: SignedIn, wanted: schemas.SeriesIn) -> schemas.SeriesOut:
    """Let rounds recur; the first of them opens at once."""
    return schemas.SeriesOut.model_validate(series.start_series(session, actor, **wanted.model_dump()))


@router.delete("/round-series/{series_id}", status_code=204)
def stop_series(session: SessionDep, actor: SignedIn, series_id: Id) -> None:
    """Plan no further rounds of a series."""
    series.stop_series(session, actor, series_id)


@router.get("/rounds/{code}")
def read_round(session: SessionDep, actor: SignedIn, response: Response, code: Code) -> schemas.RoundDetailOut:
    """A round in figures."""
    actor.require(Permission.MANAGE_ROUNDS)
    found = get_round(session, code)
    figures = queries.round_figures(session, round_key(found))
    set_etag(response, found.version)
    return schemas.RoundDetailOut(
        **schemas.RoundOut.model_validate(found).model_dump(),
        deliveries=[schemas.DeliveryOut.model_validate(d) for d in queries.deliveries_of(session, round_key(found))],
        approved_by=queries.approval_names(session, round_key(found)),
        offer_count=figures.offer_count,
        line_count=figures.line_count,
        wanted=figures.wanted,
        supplier_order_count=figures.supplier_order_count,
        ordered_amount=figures.ordered_amount,
        list_amount=figures.list_amount,
        saved=figures.saved,
        commission=figures.commission,
        delivery_fees=figures.delivery_fees,
        alert_count=figures.alert_count,
    )


@router.post("/rounds/{code}/open")
def open_round(
    session: SessionDep, actor: SignedIn, response: Response, code: Code, version: ExpectedVersion
) -> schemas.RoundOut:
    """Open a planned round to orders."""
    return _shown(response, rounds.open_round(session, actor, code, version))


@router.post("/rounds/{code}/close")
def close_round(
    session: SessionDep, actor: SignedIn, response: Response, code: Code, version: ExpectedVersion
) -> schemas.RoundOut:
    """Cut off: approved orders are locked, waiting ones roll over."""
    return _shown(response, rounds.close_round(session, actor, code, version))


@router.post("/rounds/{code}/cancel")
def cancel_round(
    session: SessionDep, actor: SignedIn, response: Response, code: Code, version: ExpectedVersion
) -> schemas.RoundOut:
    """Call a round off; its orders roll over."""
    return _shown(response, rounds.cancel_round(session, actor, code, version))


@router.post("/rounds/{code}/consolidate")
def consolidate_round(
    session: SessionDep, actor: SignedIn, response: Response, code: Code, version: ExpectedVersion
) -> schemas.RoundOut:
    """Turn a closed round into draft supplier orders; again gives the same."""
    return _shown(response, consolidating.consolidate_round(session, actor, code, expected_version=version))


@router.post("/rounds/{code}/approve")
def approve_round(
    session: SessionDep, actor: SignedIn, response: Response, code: Code, version: ExpectedVersion
) -> schemas.RoundOut:
    """Approve a consolidated round; its status stays `consolidated` while a second person must approve."""
    return _shown(response, approving.approve_round(session, actor, code, version))


@router.post("/rounds/{code}/send")
def send_round(
    session: SessionDep, actor: SignedIn, response: Response, code: Code, version: ExpectedVersion
) -> schemas.RoundOut:
    """Send the approved supplier orders."""
    return _shown(response, approving.send_round(session, actor, code, version))


@router.get("/rounds/{code}/demand")
def list_demand(
    session: SessionDep, actor: SignedIn, code: Code, cursor: Cursor = None, limit: Limit = DEFAULT_LIMIT
) -> PageOut[schemas.DemandOut]:
    """Live demand, offer by offer. Members see it too: it is the group's progress."""
    actor.require(Permission.VIEW_PRICES)
    page = queries.list_demand(session, round_key(get_round(session, code)), cursor, limit)
    items = []
    for row in page.items:
        progress = row.progress
        items.append(
            schemas.DemandOut(
                **{name: getattr(row, name) for name in ("offer_id", "supplier", "sku", "name", "pack_size")},
                min_quantity=row.min_quantity,
                quantity=row.quantity,
                tolerance=row.tolerance,
                line_count=row.line_count,
                price_now=progress.price_now,
                list_price=progress.list_price,
                missing_to_next_tier=progress.missing_to_next,
                missing_to_full_pack=progress.missing_to_pack,
            )
        )
    return PageOut(items=items, next_cursor=page.next_cursor)


@router.get("/rounds/{code}/orders")
def list_round_orders(
    session: SessionDep, actor: SignedIn, code: Code, cursor: Cursor = None, limit: Limit = DEFAULT_LIMIT
) -> PageOut[schemas.OrderOut]:
    """The placed member orders of a round, the newest first."""
    actor.require(Permission.MANAGE_ROUNDS)
    round_id = round_key(get_round(session, code))
    return page_out(queries.list_orders(session, actor, cursor, limit, round_id=round_id), schemas.OrderOut)


@router.post("/rounds/{code}/order-imports", status_code=202)
def upload_orders(
    session: SessionDep,
    actor: SignedIn,
    response: Response,
    code: Code,
    file: Upload,
    dry_run: DryRun = False,
    skip_bad_rows: SkipBadRows = False,
) -> ImportRunOut:
    """Import member orders from a file, as approved ones, in the background."""
    actor.require(Permission.MANAGE_ROUNDS)
    code = get_round(session, code).code
    return take_in(
        session, actor, response, file, "orders", round_code=code, dry_run=dry_run, skip_bad_rows=skip_bad_rows
    )


@router.get("/rounds/{code}/allocations")
def list_allocations(
    session: SessionDep,
    actor: SignedIn,
    code: Code,
    offer_id: Annotated[int | None, Query(ge=1, le=MAX_ID)] = None,
    only_unfilled: bool = False,
    cursor: Cursor = None,
    limit: Limit = DEFAULT_LIMIT,
) -> PageOut[schemas.AllocationOut]:
    """What became of every member line."""
    actor.require(Permission.MANAGE_ROUNDS)
    round_id = round_key(get_round(session, code))
    page = queries.list_allocations(session, round_id, cursor, limit, offer_id=offer_id, only_unfilled=only_unfilled)
    return page_out(page, schemas.AllocationOut)


@router.put("/rounds/{code}/lines/{line_id}/exclusion")
def exclude_line(
    session: SessionDep, actor: SignedIn, response: Response, code: Code, line_id: Id, exclusion: schemas.ExclusionIn
) -> schemas.RoundOut:
    """Take one member line out, with a reason its buyer is told."""
    return _shown(response, deciding.exclude_line(session, actor, code, line_id, exclusion.because))


@router.put("/rounds/{code}/offers/{offer_id}/packs")
def set_packs(
    session: SessionDep, actor: SignedIn, response: Response, code: Code, offer_id: Id, decision: schemas.PacksIn
) -> schemas.RoundOut:
    """Order another number of packs, within what members want and tolerate."""
    return _shown(response, deciding.set_packs(session, actor, code, offer_id, decision.packs))


@router.put("/rounds/{code}/suppliers/{supplier_id}/choice")
def choose_for_supplier(
    session: SessionDep,
    actor: SignedIn,
    response: Response,
    code: Code,
    supplier_id: Id,
    choice: schemas.SupplierChoiceIn,
) -> schemas.RoundOut:
    """Decide about a supplier under its minimum or free-delivery amount."""
    decided = deciding.choose_for_supplier(session, actor, code, supplier_id, choice.decision, choice.keep_open_until)
    return _shown(response, decided)


@router.get("/rounds/{code}/supplier-orders")
def list_supplier_orders(
    session: SessionDep, actor: SignedIn, code: Code, cursor: Cursor = None, limit: Limit = DEFAULT_LIMIT
) -> PageOut[schemas.SupplierOrderOut]:
    """The supplier orders of a round."""
    actor.require(Permission.VIEW_COMMISSION)
    round_id = round_key(get_round(session, code))
    return page_out(queries.list_supplier_orders(session, round_id, cursor, limit), schemas.SupplierOrderOut)


@router.get("/supplier-orders/{number}")
def read_supplier_order(
    session: SessionDep, actor: SignedIn, response: Response, number: Code
) -> schemas.SupplierOrderDetailOut:
    """A supplier order with its drops."""
    actor.require(Permission.VIEW_COMMISSION)
    order = queries.get_supplier_order(session, number)
    set_etag(response, order.version)
    shown = schemas.SupplierOrderOut.model_validate(order)
    drops = [schemas.DropOut.model_validate(drop) for drop in queries.drops_of(session, order.id)]
    return schemas.SupplierOrderDetailOut(**shown.model_dump(), drops=drops)


@router.get("/supplier-orders/{number}/lines")
def list_supplier_order_lines(
    session: SessionDep, actor: SignedIn, number: Code, cursor: Cursor = None, limit: Limit = DEFAULT_LIMIT
) -> PageOut[schemas.SupplierOrderLineOut]:
    """The lines of a supplier order."""
    actor.require(Permission.VIEW_COMMISSION)
    order = queries.get_supplier_order(session, number)
    page = queries.list_supplier_order_lines(session, order.id, cursor, limit)
    return page_out(page, schemas.SupplierOrderLineOut)


@router.post("/supplier-orders/{number}/drops/{park}/receipt")
def record_receipt(
    session: SessionDep,
    actor: SignedIn,
    response: Response,
    number: Code,
    park: Code,
    receipt: schemas.ReceiptIn,
    version: ExpectedVersion,
) -> schemas.SupplierOrderDetailOut:
    """Record what arrived at a park; lines not named came whole, but for those promised for a later day."""
    arrivals = [receiving.Arrival(**line.model_dump()) for line in receipt.lines]
    receiving.receive_drop(
        session, actor, number, park, arrivals, rest_came=receipt.rest_came, expected_version=version
    )
    session.flush()
    return read_supplier_order(session, actor, response, number)


@router.post("/supplier-orders/{number}/returns")
def record_return(
    session: SessionDep, actor: SignedIn, response: Response, number: Code, given: schemas.ReturnIn
) -> schemas.SupplierOrderDetailOut:
    """Record that a firm does not keep something it received: amounts, commission and invoices follow."""
    returning.record_return(session, actor, number, given.company, given.sku, given.units, given.reason)
    return read_supplier_order(session, actor, response, number)


@router.post("/supplier-orders/{number}/asked-prices/{offer_id}")
def decide_asked_price(
    session: SessionDep,
    actor: SignedIn,
    response: Response,
    number: Code,
    offer_id: Id,
    decision: schemas.PriceDecisionIn,
) -> schemas.SupplierOrderDetailOut:
    """Take the dearer price that a supplier asks for a line, or keep the agreed one."""
    acknowledging.decide_asked_price(session, actor, number, offer_id, accept=decision.accept)
    session.flush()
    return read_supplier_order(session, actor, response, number)
