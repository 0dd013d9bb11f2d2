"""A run: everything that came until the end of a month is invoiced, in the background, supplier by supplier."""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta

from sqlmodel import Session, col, select

from app.accounts.actor import SYSTEM, Actor
from app.accounts.permissions import Permission
from app.accounts.service import get_association
from app.billing.invoicing.commission_invoices import commission_is_due, issue_commission_invoice
from app.billing.invoicing.issue import association_party, member_seller, seller_of
from app.billing.invoicing.member_invoices import issue_member_invoices, members_owe, suppliers_due
from app.billing.invoicing.models import BillingRun, IssuedInvoice, RunStatus
from app.billing.invoicing.partial_credits import credit_commission, credit_returns, is_over
from app.billing.outbox import ISSUE_INVOICES
from app.catalog.models import Supplier
from app.core import audit, clock, events, jobs
from app.core.database import transaction
from app.core.errors import DomainError, InvalidInput, NotFound
from app.core.i18n import say

_TOLD_EVERY = 10


def start_run(session: Session, actor: Actor, month: date) -> BillingRun:
    """Have the invoices of a month issued. Raises `InvalidInput` for one that is not over, or without our SIRET."""
    actor.require(Permission.MANAGE_COMMISSION)
    month = month.replace(day=1)
    if month >= clock.today().replace(day=1):
        raise InvalidInput("A month is invoiced once it is over.", field="month")
    association_party(get_association(session))
    run = BillingRun(month=month, asked_at=clock.now(), asked_by=actor.label)
    session.add(run)
    session.flush()
    audit.record(session, actor.label, "billing.run_started", run, month=month.isoformat())
    jobs.defer(session, ISSUE_INVOICES, run_id=run.id)
    return run


def list_runs(session: Session, limit: int = 12) -> list[BillingRun]:
    """The last runs, the newest first."""
    return list(session.exec(select(BillingRun).order_by(col(BillingRun.id).desc()).limit(limit)))


def get_run(session: Session, run_id: int) -> BillingRun:
    """A run. Raises `NotFound`."""
    run = session.get(BillingRun, run_id)
    if run is None:
        raise NotFound("There is no such run.")
    return run


def end_of(month: date) -> datetime:
    """The instant at which a month is over, in Paris."""
    return datetime.combine(clock.month_end(month) + timedelta(days=1), time(), clock.PARIS)


def carry_out(run_id: int) -> None:
    """Issue a run's invoices, a transaction for each supplier. Repeated after a crash it goes on where it was."""
    with transaction() as session:
        run = session.get_one(BillingRun, run_id, with_for_update=True)
        if run.status is RunStatus.DONE:
            return
        before, asked_by = end_of(run.month), run.asked_by
        due = suppliers_due(session, before)
        suppliers = [key for key in session.exec(select(Supplier.id).order_by(Supplier.code)) if key]
        run.status, run.total = RunStatus.RUNNING, run.done + sum(due.values())
    left_out = []
    for supplier_id in suppliers:
        try:
            _invoice_supplier(run_id, supplier_id, before, asked_by)
        except DomainError as refusal:
            left_out.append(say(refusal))
    with transaction() as session:
        events.publish(events.Event.INVOICES_RUN, session)
        run = session.get_one(BillingRun, run_id, with_for_update=True)
        run.status, run.finished_at, run.left_out = RunStatus.DONE, clock.now(), "\n".join(left_out)


def _invoice_supplier(run_id: int, supplier_id: int, before: datetime, asked_by: str) -> None:
    issued = 0
    with transaction() as session:
        actor = Actor(asked_by, SYSTEM.roles, identity=asked_by)
        for _invoice in invoice_supplier(session, actor, supplier_id, before):
            issued += 1
            if issued % _TOLD_EVERY == 0:
                _tell(run_id, _TOLD_EVERY)
    _tell(run_id, issued % _TOLD_EVERY)


def invoice_supplier(session: Session, actor: Actor, supplier_id: int, before: datetime) -> Iterator[IssuedInvoice]:
    """Issue every document of a supplier that is due: its members', and the association's for its commission.

    Raises `InvalidInput` for a supplier that has something to be invoiced and cannot be a seller here.
    """
    over = is_over(session, supplier_id)
    if not (over or members_owe(session, supplier_id, before) or commission_is_due(session, supplier_id, before)):
        return
    association = get_association(session)
    supplier = session.get_one(Supplier, supplier_id)
    party, seller = seller_of(supplier), member_seller(supplier, association)
    if over:
        yield from credit_returns(session, actor, supplier_id, seller, association)
        yield from credit_commission(session, actor, supplier_id, party, association)
    yield from issue_member_invoices(session, actor, supplier_id, seller, association, before)
    commission = issue_commission_invoice(session, actor, supplier_id, party, association, before)
    if commission is not None:
        yield commission


def _tell(run_id: int, count: int) -> None:
    if count:
        with transaction() as session:
            session.get_one(BillingRun, run_id, with_for_update=True).done += count
