"""Background jobs of billing."""

from app.billing.service.runs import ISSUE_INVOICES, carry_out
from app.core import jobs


@jobs.task(ISSUE_INVOICES)
def issue_invoices(run_id: int) -> None:
    """Issue the invoices of a month."""
    carry_out(run_id)
