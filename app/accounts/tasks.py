"""Background jobs about accounts."""

from app.accounts.sign_in import forget_old_sign_ins
from app.core import jobs
from app.core.database import transaction


@jobs.app.periodic(cron="27 3 * * *")
@jobs.app.task(name="accounts.forget_old_sign_ins", queueing_lock="accounts.forget_old_sign_ins")
def drop_old_sign_ins(timestamp: int) -> None:
    """Every night: what was kept of sign-ins and has ended goes."""
    with transaction() as session:
        forget_old_sign_ins(session)
