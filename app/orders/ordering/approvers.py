"""Who decides on an order: an approver of its firm who did not place it; where there is none, the association."""

from collections.abc import Collection

from sqlmodel import Session, col, select

from app.accounts.actor import Actor
from app.accounts.models import Person
from app.accounts.permissions import Permission, Role
from app.core.errors import Conflict
from app.orders.ordering.models.company import OrderApproval
from app.orders.ordering.models.member_orders import MemberOrder
from app.orders.ordering.queries import deputies as deputy_queries


def approvers_besides(session: Session, company_id: int, buyer_id: int) -> list[Person]:
    """The approvers of a firm but for a buyer of it, by name."""
    return list(
        session.exec(
            select(Person)
            .where(
                Person.company_id == company_id,
                col(Person.active),
                col(Person.roles).contains([Role.APPROVER.value]),
                Person.id != buyer_id,
            )
            .order_by(col(Person.name), col(Person.id))
        )
    )


def approvers_of(session: Session, order: MemberOrder) -> list[Person]:
    """The approvers of the order's company, but for its buyer."""
    return approvers_besides(session, order.company_id, order.person_id)


def association_approvers(session: Session) -> list[Person]:
    """The people of the association who decide where a firm has nobody else to."""
    return list(
        session.exec(
            select(Person)
            .where(col(Person.active), col(Person.roles).contains([Role.PURCHASING_MANAGER.value]))
            .order_by(col(Person.id))
        )
    )


def decides_for_association(actor: Actor) -> bool:
    """Whether the actor may decide on orders of firms that have nobody else to."""
    return actor.person_id is not None and actor.company_id is None and actor.may(Permission.APPROVE_ROUNDS)


def require_decider(session: Session, actor: Actor, order: MemberOrder, step: OrderApproval) -> None:
    """Raise `Conflict` unless the actor may decide this step: nobody decides on their own order, nor by a deputy.

    A step for somebody who is no approver any more, or who placed the order, is for any approver of the firm.
    """
    approvers = {person.id for person in approvers_of(session, order)}
    if decides_for_association(actor):
        if approvers:
            raise Conflict(
                "An approver of the firm decides on order {order}.", code="firm_decides", order=order.reference
            )
        return
    decides_as: Collection[int] = deputy_queries.principals_of(session, actor) - {order.person_id}
    if order.person_id == actor.person_id or not decides_as:
        raise Conflict("Nobody approves their own order: another approver decides.", code="own_order")
    if step.approver_id in approvers and step.approver_id not in decides_as:
        raise Conflict("This step is for another approver.", code="not_your_turn")
