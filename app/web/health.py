"""Whether this process serves and reaches its database."""

from fastapi import APIRouter
from sqlalchemy import text

from app.web.edge import SessionDep, TransactionRoute

router = APIRouter(route_class=TransactionRoute)


@router.get("/health")
def health(session: SessionDep) -> dict[str, str]:
    """Answers 200 when a query comes back."""
    session.execute(text("SELECT 1"))
    return {"status": "ok"}
