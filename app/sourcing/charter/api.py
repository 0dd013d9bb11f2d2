"""Routes of the API: the charter, why an offer has its score, what suppliers show."""

from typing import Annotated

from fastapi import Query

from app.accounts.authentication import OptionalActor, SignedIn
from app.catalog.assortment import hidden_from
from app.catalog.queries import get_offer
from app.catalog.service import require_prices
from app.sourcing.charter import schemas
from app.sourcing.charter.stored_scores import explain
from app.sourcing.charter.verification import list_evidence, refuse_evidence, verify_evidence
from app.sourcing.charter.versions import current_charter
from app.web.api import DEFAULT_LIMIT, Cursor, Id, Limit, PageOut, api_router, page_out
from app.web.edge import SessionDep

router = api_router("charter")


@router.get("/charter")
def read_charter(session: SessionDep) -> schemas.CharterOut:
    """The charter in force."""
    return schemas.CharterOut.of(current_charter(session))


@router.get("/offers/{offer_id}/score")
def read_score(session: SessionDep, actor: OptionalActor, offer_id: Id) -> schemas.ScoreOut:
    """Why an offer has its score: what counted, what is unknown, what would raise it."""
    require_prices(session, actor)
    offer = get_offer(session, offer_id, hidden_from(session, actor))
    return schemas.ScoreOut.of(explain(session, [offer])[offer.id])


@router.get("/evidence")
def list_all_evidence(
    session: SessionDep,
    actor: SignedIn,
    only_new: Annotated[bool, Query(description="Only what nobody looked at; else all, the newest first")] = True,
    cursor: Cursor = None,
    limit: Limit = DEFAULT_LIMIT,
) -> PageOut[schemas.EvidenceToLookAtOut]:
    """What suppliers show for the charter."""
    return page_out(list_evidence(session, actor, cursor, limit, only_new=only_new), schemas.EvidenceToLookAtOut)


@router.post("/evidence/{evidence_id}/decision", status_code=204)
def decide_evidence(session: SessionDep, actor: SignedIn, evidence_id: Id, decision: schemas.DecisionIn) -> None:
    """Say that evidence was verified, or refuse it with a reason; the offers it is about are scored again."""
    (verify_evidence if decision.accept else refuse_evidence)(session, actor, evidence_id, decision.words)
