"""The company's own approval of its orders: who is asked, by mail, in which step, and what they decide."""

from collections.abc import Sequence
from decimal import Decimal
from typing import NamedTuple

from sqlmodel import Session, col, select

from app.accounts.actor import Actor, actor_for
from app.accounts.models import Person
from app.accounts.permissions import Permission
from app.accounts.service import check_version
from app.core import audit, clock
from app.core.errors import Conflict, NotFound
from app.core.i18n import format_money, speaking
from app.core.i18n import gettext as _
from app.notify.letters import Action, queue_letter
from app.orders.ordering.approval_links import make_approval_links, use_approval_link
from app.orders.ordering.approval_rules import OrderFacts, RequiredStep, required_steps
from app.orders.ordering.approval_settings import step_rule
from app.orders.ordering.approvers import (
    approvers_besides,
    approvers_of,
    association_approvers,
    decides_for_association,
    require_decider,
)
from app.orders.ordering.deputies import with_deputies
from app.orders.ordering.models.company import ApprovalRule, OrderApproval
from app.orders.ordering.models.member_orders import MemberOrder, OrderStatus
from app.orders.ordering.placed_orders import cost_at_most, lock_with_round, order_key, require_open, take_out
from app.orders.ordering.queries import deputies as deputy_queries
from app.orders.ordering.states import ORDER_LIFE, OrderEvent


class ForeseenStep(NamedTuple):
    """A step that an order would have to pass: why, and who would be asked (empty: any approver of the firm).

    `by_association`: the firm has nobody else who may decide.
    """

    because: str
    approver: str
    by_association: bool = False


def foresee_steps(session: Session, buyer: Actor, facts: OrderFacts) -> list[ForeseenStep]:
    """The steps that an order of the buyer with these facts would have to pass, were it placed now."""
    company_id = buyer.require_company()
    approvers = {p.id: p.name for p in approvers_besides(session, company_id, buyer.require_person())}
    steps = _required(session, company_id, facts)
    return [ForeseenStep(step.because, approvers.get(step.approver_id, ""), not approvers) for step in steps]


def _required(session: Session, company_id: int, facts: OrderFacts) -> list[RequiredStep]:
    rules = session.exec(select(ApprovalRule).where(ApprovalRule.company_id == company_id)).all()
    return required_steps(facts, [step_rule(rule) for rule in rules])


def ask_for_approval(session: Session, order: MemberOrder, facts: OrderFacts) -> int:
    """Write down the steps that the order must pass, tell those who decide the first; the number of steps.

    Where the buyer is the firm's only approver, the association decides.
    """
    steps = _required(session, order.company_id, facts)
    known = {approver.id for approver in approvers_of(session, order)}
    kept = [
        OrderApproval(
            order_id=order_key(order),
            step=step.step,
            approver_id=step.approver_id if step.approver_id in known else None,
            because=step.because,
        )
        for step in steps
    ]
    session.add_all(kept)
    if kept:
        _ask(session, order, kept[0], facts.amount)
    return len(kept)


def ask_again(session: Session, order_id: int) -> None:
    """Tell those who decide the next step of an order that it waits, as of one that was carried over."""
    order = session.get_one(MemberOrder, order_id)
    waiting = _waiting_steps(session, order_id)
    if order.status is OrderStatus.AWAITING_APPROVAL and waiting:
        _ask(session, order, waiting[0], cost_at_most(session, order_id))


def may_decide(session: Session, actor: Actor, order: MemberOrder) -> bool:
    """Whether the order waits for a decision that the actor may take."""
    waiting = _waiting_steps(session, order_key(order))
    if order.status is not OrderStatus.AWAITING_APPROVAL or not waiting:
        return False
    try:
        require_decider(session, actor, order, waiting[0])
    except Conflict:
        return False
    return True


def _waiting_steps(session: Session, order_id: int) -> Sequence[OrderApproval]:
    return session.exec(
        select(OrderApproval)
        .where(OrderApproval.order_id == order_id, col(OrderApproval.decided_at).is_(None))
        .order_by(col(OrderApproval.step))
    ).all()


def _ask(session: Session, order: MemberOrder, step: OrderApproval, amount: Decimal) -> None:
    """Mail whoever decides a step: the one that it names, else every approver of the firm, else the association."""
    approvers = approvers_of(session, order)
    named = [approver for approver in approvers if approver.id == step.approver_id]
    if approvers:
        _tell_approvers(session, order, named or approvers, amount)
        return
    for manager in association_approvers(session):
        with speaking(manager.locale):
            subject = _("Order {reference} waits for the association").format(reference=order.reference)
            words = [_("Its firm has nobody else who may approve it. One that still waits at the cut-off rolls over.")]
            action = Action(_("Look and decide"), f"/orders/{order_key(order)}")
            queue_letter(session, manager.email, subject, words, action)


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
    """Approve or reject the step of an order that is next: an approver of the firm, else the association.

    Raises `Conflict` where it is not the actor's turn (`require_decider`) or the order waits for nothing.
    """
    if not decides_for_association(actor) and not deputy_queries.principals_of(session, actor):
        actor.require(Permission.APPROVE_COMPANY_ORDERS)
    person_id = actor.require_person()
    order, purchasing_round = lock_with_round(session, order_id)
    if actor.company_id not in {None, order.company_id}:
        raise NotFound("There is no such order.")
    check_version(order.version, expected_version)
    event = OrderEvent.APPROVE if approve else OrderEvent.REJECT
    if not ORDER_LIFE.allows(event, order.status):
        raise Conflict("Order {order} does not wait for approval.", code="not_waiting", order=order.reference)
    waiting = _waiting_steps(session, order_id)
    require_decider(session, actor, order, waiting[0])
    require_open(purchasing_round)
    step = waiting[0]
    step.decided_by_id, step.decided_at, step.approved, step.comment = (
        person_id,
        clock.now(),
        approve,
        comment.strip(),
    )
    if not approve:
        take_out(session, order, purchasing_round)
        reached = OrderStatus.REJECTED
    else:
        reached = OrderStatus.APPROVED if len(waiting) == 1 else OrderStatus.AWAITING_APPROVAL
    order.status = ORDER_LIFE.after(event, order.status, reached)
    order.version += 1
    session.flush()
    action = "order.step_approved" if approve else "order.rejected"
    audit.record(session, actor.label, action, order, step=step.step, comment=step.comment)
    if order.status is not OrderStatus.AWAITING_APPROVAL:
        _tell_buyer(session, order, step.comment)
    else:
        _ask(session, order, waiting[1], cost_at_most(session, order_id))
    return order


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
