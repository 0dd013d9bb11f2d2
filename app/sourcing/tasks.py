"""Background jobs of sourcing: scores kept up to date, suppliers reminded of what expires."""

from app.catalog.outbox import SCORE_OFFERS
from app.core import jobs
from app.core.database import transaction
from app.core.jobs import JobName
from app.sourcing.scores import score_offers
from app.sourcing.verifying import remind_of_expiring

NIGHTLY = JobName("sourcing.nightly", "sourcing")


@jobs.task(SCORE_OFFERS)
def score_changed_offers(supplier_id: int | None = None) -> None:
    """Score the offers of a supplier anew, or all of them."""
    with transaction() as session:
        score_offers(session, None if supplier_id is None else [supplier_id])


@jobs.app.periodic(cron="7 2 * * *")
@jobs.task(NIGHTLY)
def watch_expiry(timestamp: int) -> None:
    """Every night: evidence that expired counts no more; suppliers hear 30 days before."""
    with transaction() as session:
        remind_of_expiring(session)
        score_offers(session)
