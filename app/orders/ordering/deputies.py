"""Deputies: an approver names a colleague who decides in their place while they are away."""

from datetime import date

from sqlmodel import Session, col, select

from app.accounts.actor import Actor
from app.accounts.models import Person
from app.accounts.permissions import Permission
from app.core import audit, clock
from app.core.errors import InvalidInput, NotFound
from app.core.i18n import format_day, speaking
from app.core.i18n import gettext as _
from app.notify.letters import Action, queue_letter
from app.orders.ordering.models.company import Deputy


def name_deputy(session: Session, actor: Actor, *, deputy_id: int, first_day: date, last_day: date) -> Deputy:
    """Let a colleague of the actor's firm decide in their place between two days (both included); tell them by mail."""
    actor.require(Permission.APPROVE_COMPANY_ORDERS)
    colleague = session.get(Person, deputy_id)
    if colleague is None or colleague.company_id != actor.require_company() or not colleague.active:
        raise NotFound("There is no such colleague.", field="deputy_id")
    if colleague.id == actor.person_id:
        raise InvalidInput("Choose somebody else to stand in for you.", field="deputy_id")
    if first_day > last_day or last_day < clock.today():
        raise InvalidInput("The last day lies after the first, and not in the past.", field="last_day")
    deputy = Deputy(approver_id=actor.require_person(), deputy_id=deputy_id, first_day=first_day, last_day=last_day)
    session.add(deputy)
    session.flush()
    audit.record(session, actor.label, "deputy.named", deputy, first_day=str(first_day), last_day=str(last_day))
    with speaking(colleague.locale):
        subject = _("You stand in for {name}").format(name=actor.name)
        words = _("From {first_day} to {last_day} you approve or reject the orders that wait for {name}.").format(
            first_day=format_day(first_day), last_day=format_day(last_day), name=actor.name
        )
        queue_letter(session, colleague.email, subject, [words], Action(_("Orders that wait"), "/approvals"))
    return deputy


def end_deputy(session: Session, actor: Actor, deputy_id: int) -> None:
    """Let somebody stand in for the actor no longer."""
    deputy = session.get(Deputy, deputy_id)
    if deputy is None or deputy.approver_id != actor.person_id:
        raise NotFound("Nobody stands in for you so.")
    audit.record(session, actor.label, "deputy.ended", deputy)
    session.delete(deputy)


def with_deputies(session: Session, approvers: list[Person], buyer_id: int) -> list[Person]:
    """Approvers and whoever stands in for them today, but for the buyer."""
    today = clock.today()
    standing_in = session.exec(
        select(Person)
        .join(Deputy, col(Deputy.deputy_id) == Person.id)
        .where(
            col(Deputy.approver_id).in_([approver.id for approver in approvers]),
            Deputy.first_day <= today,
            Deputy.last_day >= today,
            col(Person.active),
            Person.id != buyer_id,
        )
        .order_by(col(Person.id))
    )
    return list({person.id: person for person in (*approvers, *standing_in)}.values())
