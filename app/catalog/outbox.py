"""Word that the catalogue leaves for those above it: sourcing scores again the offers of suppliers that changed."""

from sqlmodel import Session

from app.core import jobs
from app.core.jobs import JobName

SCORE_OFFERS = JobName("sourcing.score_offers", "sourcing")


def tell_of_changed_offers(session: Session, supplier_id: int | None = None) -> None:
    """Leave word that offers of a supplier changed, or of any: the scores that depend on them are out of date."""
    jobs.defer(session, SCORE_OFFERS, supplier_id=supplier_id)
