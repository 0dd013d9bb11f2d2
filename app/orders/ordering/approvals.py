"""The company's own approval of its orders: who is asked, by mail, in which step, and what they decide."""

from decimal import Decimal
from typing import NamedTuple

from sqlmodel import Session, col, select

from app.accounts.actor import Actor, actor_for
from app.accounts.models import Person
from app.accounts.permissions import Permission, Role
from app.accounts.queries import list_approvers
from app.accounts.service import check_version
from app.core import audit, clock
from app.core.errors import Conflict, NotFound
from app.core.i18n import format_money, speaking
from app.core.i18n import gettext as _
from app.notify.letters import Action, queue_letter
from app.orders.ordering.approval_links import make_approval_links, use_approval_link
from app.orders.ordering.approval_rules import OrderFacts, required_steps
from app.orders.ordering.approval_settings import step_rule
from app.orders.ordering.deputies import with_deputies
from app.orders.ordering.models.company import ApprovalRule, OrderApproval
from app.orders.ordering.models.member_orders import MemberOrder, OrderStatus
from app.orders.ordering.placed_orders import cost_at_most, lock_with_round, order_key, require_open, take_out
from app.orders.ordering.queries import deputies as deputy_queries


def _approvers_of(session: Session, order: MemberOrder) -> list[Person]:
    """The approvers of the order's company, but for its buyer."""
    return list(
        session.exec(
            select(Person).where(
                Person.company_id == order.company_id,
                col(Person.active),
                col(Person.roles).contains([Role.APPROVER.value]),
                Person.id != order.person_id,
            )
        )
    )


class ForeseenStep(NamedTuple):
    """A step that an order would have to pass: why, and who would be asked (empty: any approver of the firm)."""

    because: str
    approver: str


def foresee_steps(session: Session, buyer: Actor, facts: OrderFacts) -> list[ForeseenStep]:
    """The steps that an order of the buyer with these facts would have to pass, were it placed now."""
    company_id = buyer.require_company()
    approvers = {
        person.id: person.name
        for person in list_approvers(session, company_id)
        if person.active and person.id != buyer.person_id
    }
    if not approvers:
        return []
    rules = session.exec(select(ApprovalRule).where(ApprovalRule.company_id == company_id)).all()
    steps = required_steps(facts, [step_rule(rule) for rule in rules])
    return [ForeseenStep(step.because, approvers.get(step.approver_id, "")) for step in steps]


def ask_for_approval(session: Session, order: MemberOrder, facts: OrderFacts) -> int:
    """Write down the steps that the order must pass, tell the first approvers; the number of steps.

    A firm whose only approver is the buyer has nobody to ask: its orders pass.
    """
    approvers = _approvers_of(session, order)
    if not approvers:
        return 0
    rules = session.exec(select(ApprovalRule).where(ApprovalRule.company_id == order.company_id)).all()
    steps = required_steps(facts, [step_rule(rule) for rule in rules])
    known = {approver.id for approver in approvers}
    for step in steps:
        asked = step.approver_id if step.approver_id in known else None
        session.add(OrderApproval(order_id=order_key(order), step=step.step, approver_id=asked, because=step.because))
    if steps:
        first = [a for a in approvers if steps[0].approver_id in {None, a.id}] or list(approvers)
        _tell_approvers(session, order, first, facts.amount)
    return len(steps)


def _tell_approvers(session: Session, order: MemberOrder, approvers: list[Person], amount: Decimal) -> None:
    """Mail each, and whoever stands in for them, a link that decides; after the transaction."""
    asked = with_deputies(session, approvers, order.person_id)
    links = make_approval_links(session, order_key(order), asked)
    for approver, link in zip(asked, links, strict=True):
        with speaking(approver.locale):
            subject = _("Order {reference} waits for your approval").format(reference=order.reference)
            body = _("It may cost up to {amount} before VAT. One that still waits at the cut-off rolls over.").format(
                amount=format_money(amount)
            )
            queue_letter(session, approver.email, subject, [body], Action(_("Look and decide"), link))


def decide_order(
    session: Session, actor: Actor, order_id: int, *, approve: bool, comment: str = "",
    expected_version: int | None = None,
) -> MemberOrder:  # fmt: skip
    """Approve or reject the step of an order that is next; nobody decides on their own order, nor by a deputy.

    Raises `Conflict` where it is not the actor's turn or the order waits for nothing.
    """
    principals = deputy_queries.principals_of(session, actor)
    if not principals:
        actor.require(Permission.APPROVE_COMPANY_ORDERS)
    person_id = actor.require_person()
    order, purchasing_round = lock_with_round(session, order_id)
    if order.company_id != actor.company_id:
        raise NotFound("There is no such order.")
    check_version(order.version, expected_version)
    if order.status is not OrderStatus.AWAITING_APPROVAL:
        raise Conflict("Order {order} does not wait for approval.", code="not_waiting", order=order.reference)
    decides_as = principals - {order.person_id}
    if order.person_id == person_id or not decides_as:
        raise Conflict("Nobody approves their own order: another approver decides.", code="own_order")
    require_open(purchasing_round)
    waiting = session.exec(
        select(OrderApproval)
        .where(OrderApproval.order_id == order_id, col(OrderApproval.decided_at).is_(None))
        .order_by(col(OrderApproval.step))
    ).all()
    if waiting[0].approver_id not in {None, *decides_as}:
        raise Conflict("This step is for another approver.", code="not_your_turn")
    step = waiting[0]
    step.decided_by_id, step.decided_at, step.approved, step.comment = (
        person_id,
        clock.now(),
        approve,
        comment.strip(),
    )
    if not approve:
        take_out(session, order, purchasing_round)
        order.status = OrderStatus.REJECTED
    elif len(waiting) == 1:
        order.status = OrderStatus.APPROVED
    order.version += 1
    session.flush()
    action = "order.step_approved" if approve else "order.rejected"
    audit.record(session, actor.label, action, order, step=step.step, comment=step.comment)
    if order.status is not OrderStatus.AWAITING_APPROVAL:
        _tell_buyer(session, order, step.comment)
    else:
        _ask_next(session, order, waiting[1])
    return order


def _ask_next(session: Session, order: MemberOrder, step: OrderApproval) -> None:
    """Mail whoever decides the step that is next now."""
    asked = [a for a in _approvers_of(session, order) if step.approver_id in {None, a.id}]
    if asked:
        _tell_approvers(session, order, asked, cost_at_most(session, order_key(order)))


def _tell_buyer(session: Session, order: MemberOrder, comment: str) -> None:
    buyer = session.get_one(Person, order.person_id)
    with speaking(buyer.locale):
        sentence = (
            _("Your order {reference} is approved.")
            if order.status is OrderStatus.APPROVED
            else _("Your order {reference} was not approved.")
        ).format(reference=order.reference)
        said = f"“{comment}”" if comment else ""
        action = Action(_("Look at the order"), f"/orders/{order.id}")
        queue_letter(session, buyer.email, sentence, [said], action)


def decide_by_link(session: Session, token: str, *, approve: bool, comment: str = "") -> MemberOrder:
    """Decide as the approver that a mailed link was sent to; every rule of deciding holds. The link is then used up."""
    link = use_approval_link(session, token)
    person = session.get_one(Person, link.person_id)
    actor = actor_for(person, label=f"{person.email} (link by mail)")
    return decide_order(session, actor, link.order_id, approve=approve, comment=comment)
