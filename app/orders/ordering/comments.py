"""What people say to each other: comments on an order, and the association's announcements."""

from sqlalchemy import text
from sqlmodel import Session, col, select

from app.accounts.actor import Actor
from app.accounts.models import Person
from app.core import audit, clock
from app.core.errors import InvalidInput
from app.core.i18n import gettext as _
from app.core.i18n import speaking
from app.notify.letters import Action, queue_letter
from app.orders.ordering.models.member_orders import OrderComment
from app.orders.ordering.placed_orders import get_own_order, order_key

MAX_LENGTH = 1000


def comment_on_order(session: Session, actor: Actor, order_id: int, words: str) -> OrderComment:
    """Say something about an order that the actor may see; the others who take part are told by mail.

    Those are its buyer, and whoever said something or decided before.
    """
    said = words.strip()
    if not said:
        raise InvalidInput("A comment needs words.", field="words")
    order = get_own_order(session, actor, order_id)
    comment = OrderComment(
        order_id=order_key(order), person_id=actor.require_person(), said_at=clock.now(), words=said[:MAX_LENGTH]
    )
    session.add(comment)
    session.flush()
    audit.record(session, actor.label, "order.commented", order)
    for person in _others(session, order_key(order), actor.require_person()):
        with speaking(person.locale):
            subject = _("{name} on order {reference}").format(name=actor.name, reference=order.reference)
            action = Action(_("Look at the order"), f"/orders/{order.id}")
            queue_letter(session, person.email, subject, [f"“{comment.words}”"], action)
    return comment


def _others(session: Session, order_id: int, speaker_id: int) -> list[Person]:
    ids = session.scalars(
        text("""
            SELECT person_id FROM member_orders WHERE id = :order_id
            UNION SELECT person_id FROM order_comments WHERE order_id = :order_id
            UNION SELECT decided_by_id FROM order_approvals WHERE order_id = :order_id AND decided_by_id IS NOT NULL
        """),
        {"order_id": order_id},
    ).all()
    query = select(Person).where(col(Person.id).in_(set(ids) - {speaker_id}), col(Person.active))
    return list(session.exec(query.order_by(col(Person.id))))
