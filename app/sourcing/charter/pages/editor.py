"""The association's editor of the charter: copy a version, change it, see what would move, publish it."""

from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response
from sqlmodel import Session

from app.accounts.actor import Actor
from app.accounts.authentication import SignedIn
from app.accounts.permissions import Permission
from app.core.errors import DomainError
from app.core.i18n import gettext as _
from app.core.i18n import say
from app.sourcing.charter import versions
from app.sourcing.charter.pages.editor_form import CharterForm, form_of, version_of
from app.sourcing.charter.simulation import Move, simulate
from app.sourcing.charter.verification import count_new_evidence
from app.sourcing.charter.version import Axis
from app.sourcing.charter.versions import CharterState, NotACharter
from app.web.edge import SessionDep, TransactionRoute
from app.web.exports import ExportFormat
from app.web.rendering import render
from app.web.tables import Column, Link, Table

router = APIRouter(route_class=TransactionRoute)
_MOVES_SHOWN = 100


@router.get("/sourcing")
def sourcing_page(request: Request, session: SessionDep, actor: SignedIn, form: ExportFormat | None = None) -> Response:
    """Where the manager begins: what suppliers showed, and the charter's versions."""
    actor.require(Permission.MANAGE_SOURCING)
    states = versions.list_versions(session)
    table = _versions(states)
    if form is not None:
        return table.as_file(form)
    return render(
        request,
        "tenders/sourcing.html",
        draft=next((one for one in states if one.is_draft), None),
        newest=next(one for one in states if not one.is_draft),
        table=table,
        new_evidence=count_new_evidence(session),
    )


def _versions(states: list[CharterState]) -> Table:
    columns = [Column(_("Version")), Column(_("What changed")), Column(_("Published"), "instant"), Column(_("By"))]
    rows = [
        (
            Link(
                _("Version {number}").format(number=one.charter.number),
                f"/sourcing/charter/{one.charter.number}" if one.is_draft else f"/charter?number={one.charter.number}",
                _("draft") if one.is_draft else "",
            ),
            *(one.stored.note or None, one.stored.published_at, one.stored.published_by or one.stored.made_by),
        )
        for one in states
    ]
    return Table("charter-versions", columns, rows)


@router.post("/sourcing/charter")
def copy(session: SessionDep, actor: SignedIn, number: Annotated[int, Form(ge=1)]) -> Response:
    """Begin a new version from one that is there."""
    made = versions.copy_version(session, actor, number)
    return RedirectResponse(f"/sourcing/charter/{made.charter.number}", 303)


@router.get("/sourcing/charter/{number}")
def editor_page(request: Request, session: SessionDep, actor: SignedIn, number: int) -> Response:
    """A draft in its fields."""
    actor.require(Permission.MANAGE_SOURCING)
    state = versions.get_version(session, number)
    if not state.is_draft:
        return RedirectResponse(f"/charter?number={number}", 303)
    return _editor(request, state, form_of(state))


def _editor(request: Request, state: CharterState, typed: CharterForm, errors: list[str] | None = None) -> Response:
    return render(
        request,
        "charter/editor.html",
        status_code=422 if errors else 200,
        state=state,
        typed=typed,
        axes=list(Axis),
        errors=errors or [],
        blank_rows=2,
    )


@router.post("/sourcing/charter/{number}")
def change(
    request: Request, session: SessionDep, actor: SignedIn, number: int, typed: Annotated[CharterForm, Form()]
) -> Response:
    """Keep the fields; what was typed stays in them where it is no charter, with everything that is wrong."""
    actor.require(Permission.MANAGE_SOURCING)
    state = versions.get_version(session, number)
    try:
        with session.begin_nested():
            changed = version_of(typed, state.charter)
            versions.change_draft(session, actor, changed, note=typed.note, expected_version=typed.version)
    except NotACharter as refusal:
        return _editor(request, state, typed, [_(fault.message) for fault in refusal.faults])
    except DomainError as refusal:
        return _editor(request, state, typed, [say(refusal)])
    return RedirectResponse(f"/sourcing/charter/{number}/simulation", 303)


@router.get("/sourcing/charter/{number}/simulation")
def simulation_page(
    request: Request, session: SessionDep, actor: SignedIn, number: int, form: ExportFormat | None = None
) -> Response:
    """What publishing a draft would change; `form` gives every offer whose grade moves as a file."""
    actor.require(Permission.MANAGE_SOURCING)
    state, now = versions.get_version(session, number), versions.current_charter(session)
    found = simulate(session, now, state.charter, None if form else _MOVES_SHOWN)
    table = _moves(found.moves)
    if form is not None:
        return table.as_file(form)
    return render(request, "charter/simulation.html", state=state, now=now, found=found, table=table)


def _moves(moves: list[Move]) -> Table:
    columns = [Column(_("SKU")), Column(_("Article")), Column(_("Supplier")), Column(_("Grade now"))]
    columns += [Column(_("Grade then")), Column(_("Score now"), "number"), Column(_("Score then"), "number")]
    return Table(
        "charter-simulation",
        columns,
        [
            (one.sku, one.name, one.supplier, one.grade_now, one.grade_then, one.score_now, one.score_then)
            for one in moves
        ],
    )


@router.post("/sourcing/charter/{number}/publish")
def publish(
    session: SessionDep, actor: SignedIn, number: int, version: Annotated[int | None, Form()] = None
) -> Response:
    """Make a draft the charter in force."""
    versions.publish_draft(session, actor, number, version)
    return RedirectResponse("/charter", 303)


@router.post("/sourcing/charter/{number}/discard")
def discard(session: SessionDep, actor: SignedIn, number: int) -> Response:
    """Throw a draft away."""
    versions.discard_draft(session, actor, number)
    return RedirectResponse("/sourcing", 303)


def waiting_evidence(session: Session, actor: Actor | None) -> int:
    """How many pieces of evidence wait for the one who looks at the page."""
    return count_new_evidence(session) if actor is not None and actor.may(Permission.MANAGE_SOURCING) else 0
