"""Lists: baskets that a person keeps, to be ordered again and again."""

from sqlalchemy import text
from sqlmodel import Session, select

from app.accounts.actor import Actor
from app.accounts.permissions import Permission
from app.core.database import rows_as
from app.core.errors import Conflict, InvalidInput, NotFound
from app.orders.ordering.baskets import Wish, fill_cart
from app.orders.ordering.models.member_orders import MemberOrder, OrderList
from app.orders.ordering.placed_orders import get_own_order


def save_as_list(session: Session, actor: Actor, order_id: int, name: str) -> OrderList:
    """Keep the lines of a cart or order as a list of the actor's own; a list of that name is replaced."""
    actor.require(Permission.PLACE_ORDERS)
    kept_name = name.strip()[:100]
    if not kept_name:
        raise InvalidInput("A list needs a name.", field="name")
    get_own_order(session, actor, order_id)
    person_id = actor.require_person()
    kept = session.exec(select(OrderList).where(OrderList.person_id == person_id, OrderList.name == kept_name)).first()
    if kept is None:
        kept = OrderList(person_id=person_id, name=kept_name)
        session.add(kept)
        session.flush()
    session.execute(text("DELETE FROM order_list_lines WHERE list_id = :list_id"), {"list_id": kept.id})
    lines = session.execute(
        text("""
            INSERT INTO order_list_lines (list_id, offer_id, quantity, tolerance)
            SELECT :list_id, offer_id, quantity, tolerance FROM order_lines WHERE order_id = :order_id RETURNING 1
        """),
        {"list_id": kept.id, "order_id": order_id},
    ).all()
    if not lines:
        raise Conflict("This cart is empty.", code="empty_cart")
    return kept


def get_list(session: Session, actor: Actor, list_id: int) -> OrderList:
    """A list of the actor's own. Raises `NotFound`."""
    kept = session.get(OrderList, list_id)
    if kept is None or kept.person_id != actor.person_id:
        raise NotFound("There is no such list.")
    return kept


def order_list(session: Session, actor: Actor, list_id: int, round_id: int) -> MemberOrder:
    """Put a list into the actor's cart of an open round; what is withdrawn stays out."""
    get_list(session, actor, list_id)
    rows = session.execute(
        text("SELECT offer_id, quantity, tolerance FROM order_list_lines WHERE list_id = :list_id"),
        {"list_id": list_id},
    )
    return fill_cart(session, actor, round_id, rows_as(Wish, rows))


def delete_list(session: Session, actor: Actor, list_id: int) -> None:
    """Throw a list of one's own away."""
    kept = get_list(session, actor, list_id)
    session.execute(text("DELETE FROM order_list_lines WHERE list_id = :list_id"), {"list_id": list_id})
    session.delete(kept)
