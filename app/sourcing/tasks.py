"""Background jobs of sourcing: scores kept up to date, suppliers reminded, awarded offers begun and ended in time."""

from app.catalog.dated_offers import withdraw_ended_offers
from app.catalog.outbox import SCORE_OFFERS
from app.core import jobs
from app.core.database import transaction
from app.core.jobs import JobName
from app.sourcing.charter.stored_scores import score_offers
from app.sourcing.charter.verification import remind_of_expiring
from app.sourcing.tenders.awards import start_awarded_offers

NIGHTLY = JobName("sourcing.nightly", "sourcing")
HOURLY = JobName("sourcing.hourly", "sourcing")


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


@jobs.app.periodic(cron="1 * * * *")
@jobs.task(HOURLY)
def watch_dates(timestamp: int) -> None:
    """Every hour: offers whose last day has passed are withdrawn, awarded ones whose first day has come are sold."""
    with transaction() as session:
        withdraw_ended_offers(session)
        start_awarded_offers(session)
