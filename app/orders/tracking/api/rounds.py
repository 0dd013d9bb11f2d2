"""Routes of rounds: planning, live demand, consolidation, the manager's decisions, approval, sending."""

from typing import Annotated

from fastapi import Query, Response

from app.accounts.authentication import SignedIn
from app.accounts.permissions import Permission
from app.catalog.api import DryRun, SkipBadRows, Upload, take_in
from app.catalog.schemas import ImportRunOut
from app.orders.consolidation import decisions, draft, round_approval, round_lifecycle, sending
from app.orders.consolidation import schemas as consolidation_schemas
from app.orders.consolidation.queries import rounds as round_queries
from app.orders.consolidation.queries import supplier_orders as supplier_order_queries
from app.orders.ordering import schemas as ordering_schemas
from app.orders.ordering.queries import demand as demand_queries
from app.orders.ordering.queries import orders as order_queries
from app.orders.rounds import queries, schemas, series, service
from app.orders.rounds.models import Round
from app.orders.rounds.schemas import Code
from app.orders.rounds.service import get_round, round_key
from app.orders.tracking import schemas as tracking_schemas
from app.web.api import DEFAULT_LIMIT, Cursor, ExpectedVersion, Id, Limit, PageOut, api_router, page_out, set_etag
from app.web.bodies import MAX_ID
from app.web.edge import SessionDep

router = api_router("rounds")


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
    made = service.create_round(
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
    return schemas.SeriesOut.model_validate(round_lifecycle.start_series(session, actor, **wanted.model_dump()))


@router.delete("/round-series/{series_id}", status_code=204)
def stop_series(session: SessionDep, actor: SignedIn, series_id: Id) -> None:
    """Plan no further rounds of a series."""
    series.stop_series(session, actor, series_id)


@router.get("/rounds/{code}")
def read_round(
    session: SessionDep, actor: SignedIn, response: Response, code: Code
) -> consolidation_schemas.RoundDetailOut:
    """A round in figures."""
    actor.require(Permission.MANAGE_ROUNDS)
    found = get_round(session, code)
    figures = round_queries.round_figures(session, round_key(found))
    set_etag(response, found.version)
    return consolidation_schemas.RoundDetailOut(
        **schemas.RoundOut.model_validate(found).model_dump(),
        deliveries=[schemas.DeliveryOut.model_validate(d) for d in queries.deliveries_of(session, round_key(found))],
        approved_by=round_queries.approval_names(session, round_key(found)),
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
    return _shown(response, round_lifecycle.open_round(session, actor, code, version))


@router.post("/rounds/{code}/close")
def close_round(
    session: SessionDep, actor: SignedIn, response: Response, code: Code, version: ExpectedVersion
) -> schemas.RoundOut:
    """Cut off: approved orders are locked, waiting ones roll over."""
    return _shown(response, round_lifecycle.close_round(session, actor, code, version))


@router.post("/rounds/{code}/cancel")
def cancel_round(
    session: SessionDep, actor: SignedIn, response: Response, code: Code, version: ExpectedVersion
) -> schemas.RoundOut:
    """Call a round off; its orders roll over."""
    return _shown(response, round_lifecycle.cancel_round(session, actor, code, version))


@router.post("/rounds/{code}/consolidate")
def consolidate_round(
    session: SessionDep, actor: SignedIn, response: Response, code: Code, version: ExpectedVersion
) -> schemas.RoundOut:
    """Turn a closed round into draft supplier orders; again gives the same."""
    return _shown(response, draft.consolidate_round(session, actor, code, expected_version=version))


@router.post("/rounds/{code}/approve")
def approve_round(
    session: SessionDep, actor: SignedIn, response: Response, code: Code, version: ExpectedVersion
) -> schemas.RoundOut:
    """Approve a consolidated round; its status stays `consolidated` while a second person must approve."""
    return _shown(response, round_approval.approve_round(session, actor, code, version))


@router.post("/rounds/{code}/send")
def send_round(
    session: SessionDep, actor: SignedIn, response: Response, code: Code, version: ExpectedVersion
) -> schemas.RoundOut:
    """Send the approved supplier orders whose suppliers have a mail address; again for those that got one since."""
    return _shown(response, sending.send_round(session, actor, code, version))


@router.get("/rounds/{code}/held-back-orders")
def list_held_back_orders(session: SessionDep, actor: SignedIn, code: Code) -> list[consolidation_schemas.HeldBackOut]:
    """The approved supplier orders that cannot be sent, as their suppliers have no mail address."""
    actor.require(Permission.VIEW_COMMISSION)
    orders = sending.held_back(session, round_key(get_round(session, code)))
    return [consolidation_schemas.HeldBackOut.model_validate(order) for order in orders]


@router.get("/rounds/{code}/demand")
def list_demand(
    session: SessionDep, actor: SignedIn, code: Code, cursor: Cursor = None, limit: Limit = DEFAULT_LIMIT
) -> PageOut[ordering_schemas.DemandOut]:
    """Live demand, offer by offer. Members see it too: it is the group's progress."""
    actor.require(Permission.VIEW_PRICES)
    page = demand_queries.list_demand(session, round_key(get_round(session, code)), cursor, limit)
    items = []
    for row in page.items:
        progress = row.progress
        items.append(
            ordering_schemas.DemandOut(
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
) -> PageOut[tracking_schemas.OrderOut]:
    """The placed member orders of a round, the newest first."""
    actor.require(Permission.MANAGE_ROUNDS)
    round_id = round_key(get_round(session, code))
    return page_out(
        order_queries.list_orders(session, actor, cursor, limit, round_id=round_id), tracking_schemas.OrderOut
    )


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
) -> PageOut[consolidation_schemas.AllocationOut]:
    """What became of every member line."""
    actor.require(Permission.MANAGE_ROUNDS)
    round_id = round_key(get_round(session, code))
    page = supplier_order_queries.list_allocations(
        session, round_id, cursor, limit, offer_id=offer_id, only_unfilled=only_unfilled
    )
    return page_out(page, consolidation_schemas.AllocationOut)


@router.put("/rounds/{code}/lines/{line_id}/exclusion")
def exclude_line(
    session: SessionDep,
    actor: SignedIn,
    response: Response,
    code: Code,
    line_id: Id,
    exclusion: consolidation_schemas.ExclusionIn,
) -> schemas.RoundOut:
    """Take one member line out, with a reason its buyer is told."""
    return _shown(response, decisions.exclude_line(session, actor, code, line_id, exclusion.because))


@router.put("/rounds/{code}/offers/{offer_id}/packs")
def set_packs(
    session: SessionDep,
    actor: SignedIn,
    response: Response,
    code: Code,
    offer_id: Id,
    decision: consolidation_schemas.PacksIn,
) -> schemas.RoundOut:
    """Order another number of packs, within what members want and tolerate."""
    return _shown(response, decisions.set_packs(session, actor, code, offer_id, decision.packs))


@router.put("/rounds/{code}/suppliers/{supplier_id}/choice")
def choose_for_supplier(
    session: SessionDep,
    actor: SignedIn,
    response: Response,
    code: Code,
    supplier_id: Id,
    choice: consolidation_schemas.SupplierChoiceIn,
) -> schemas.RoundOut:
    """Decide about a supplier under its minimum or free-delivery amount."""
    decided = decisions.choose_for_supplier(session, actor, code, supplier_id, choice.decision, choice.keep_open_until)
    return _shown(response, decided)
