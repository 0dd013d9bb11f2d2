"""The manager's decisions about a consolidated round: each can be tried first, which shows what it would change."""

from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response
from sqlmodel import Session

from app.accounts.authentication import SignedIn
from app.core.errors import InvalidInput
from app.orders.consolidation import decisions, draft_preview
from app.orders.consolidation.models.supplier_orders import SupplierDecision
from app.orders.rounds.service import get_round
from app.web.edge import SessionDep, TransactionRoute
from app.web.forms import typed_instant, typed_whole
from app.web.rendering import render

router = APIRouter(route_class=TransactionRoute)
Try = Annotated[bool, Form(alias="try")]


def _decide(
    request: Request,
    session: Session,
    code: str,
    take: Callable[[], object],
    *,
    only_try: bool,
    back: str,
    **typed: str,
) -> Response:
    """Take a decision, or show what it would change, with a button that takes it."""
    if not only_try:
        take()
        return RedirectResponse(back, 303)
    before, after = draft_preview.simulate(session, code, take)
    suppliers = sorted(
        (key for key in before.orders | after.orders if before.orders.get(key) != after.orders.get(key)),
        key=lambda key: (before.orders.get(key) or after.orders[key]).supplier,
    )
    return render(
        request,
        "consolidation/simulation.html",
        round=get_round(session, code),
        before=before,
        after=after,
        suppliers=suppliers,
        action=request.url.path,
        typed=typed,
        back=back,
    )


@router.post("/rounds/{code}/lines/{line_id}/exclusion")
def exclude_line(
    request: Request,
    session: SessionDep,
    actor: SignedIn,
    code: str,
    line_id: int,
    because: Annotated[str, Form(max_length=200)] = "",
    only_try: Try = False,
) -> Response:
    """Take a member line out and consolidate again."""
    return _decide(
        request,
        session,
        code,
        lambda: decisions.exclude_line(session, actor, code, line_id, because),
        only_try=only_try,
        back=f"/rounds/{code}/consolidation",
        because=because,
    )


@router.post("/rounds/{code}/lines/{line_id}/return")
def put_line_back(session: SessionDep, actor: SignedIn, code: str, line_id: int) -> Response:
    """Let a line take part again."""
    decisions.put_line_back(session, actor, code, line_id)
    return RedirectResponse(f"/rounds/{code}/consolidation", 303)


@router.post("/rounds/{code}/offers/{offer_id}/packs")
def set_packs(
    request: Request,
    session: SessionDep,
    actor: SignedIn,
    code: str,
    offer_id: int,
    number: Annotated[str, Form(max_length=120)],
    packs: Annotated[str, Form(pattern=r"^\d{0,7}$")] = "",
    only_try: Try = False,
) -> Response:
    """Order another number of packs; an empty field takes the rule's own."""
    return _decide(
        request,
        session,
        code,
        lambda: decisions.set_packs(session, actor, code, offer_id, typed_whole(packs, "packs")),
        only_try=only_try,
        back=f"/rounds/{code}/consolidation",
        number=number,
        packs=packs,
    )


@router.post("/rounds/{code}/suppliers/{supplier_id}/choice")
def choose_for_supplier(
    request: Request,
    session: SessionDep,
    actor: SignedIn,
    code: str,
    supplier_id: int,
    decision: Annotated[SupplierDecision, Form()],
    keep_open_until: Annotated[str, Form(max_length=40)] = "",
    only_try: Try = False,
) -> Response:
    """Decide about a supplier under its terms."""
    until = None
    if decision is SupplierDecision.POSTPONE and keep_open_until:
        try:
            until = typed_instant(keep_open_until)
        except ValueError as error:
            raise InvalidInput("{value} is not an instant.", field="keep_open_until", value=keep_open_until) from error
    return _decide(
        request,
        session,
        code,
        lambda: decisions.choose_for_supplier(session, actor, code, supplier_id, decision, until),
        only_try=only_try,
        back=f"/rounds/{code}/consolidation",
        decision=decision.value,
        keep_open_until=keep_open_until,
    )


@router.post("/rounds/{code}/suppliers/{supplier_id}/choice/undo")
def take_choice_back(session: SessionDep, actor: SignedIn, code: str, supplier_id: int) -> Response:
    """Undo what was decided about a supplier."""
    decisions.take_choice_back(session, actor, code, supplier_id)
    return RedirectResponse(f"/rounds/{code}/consolidation", 303)
