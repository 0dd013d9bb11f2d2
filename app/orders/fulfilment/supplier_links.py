"""Links that need no account, until they are too old: to an order for its supplier, to a receipt for the driver."""

from datetime import timedelta

from sqlmodel import Session, col, select

from app.accounts.actor import Actor
from app.accounts.models import Park
from app.accounts.permissions import Role
from app.catalog.models import Supplier
from app.core import audit, clock
from app.core.errors import Conflict, NotFound
from app.core.tokens import hash_of, new_token
from app.orders.consolidation.models.supplier_orders import Drop, SupplierOrder
from app.orders.fulfilment.acknowledgement import get_supplier_order_of
from app.orders.fulfilment.despatch import CAN_LEAVE, find_drop
from app.orders.fulfilment.models.despatch import SupplierOrderLink

LINK_LASTS = timedelta(days=60)  # from the order to the last of its goods


def make_order_link(session: Session, order: SupplierOrder) -> str:
    """A link to an order, as a path of ours; only its hash is kept."""
    return f"/supplier/by-mail/{_make(session, order)}"


def make_driver_link(session: Session, actor: Actor, number: str, park_code: str) -> str:
    """A link with which the driver records what arrives at a park, as a path of ours: for who may see the order."""
    order = get_supplier_order_of(session, actor, number)
    drop = find_drop(session, order, park_code)
    if drop.received_at is not None or order.status not in CAN_LEAVE:
        raise Conflict("Nothing is to come to the park {park}.", code="nothing_to_come", park=park_code)
    audit.record(session, actor.label, "supplier_order.driver_link", order, park=park_code)
    return f"/supplier/receipt/{_make(session, order, drop.id)}"


def _make(session: Session, order: SupplierOrder, drop_id: int | None = None) -> str:
    assert order.id is not None
    token = new_token()
    session.add(
        SupplierOrderLink(
            token_hash=hash_of(token),
            supplier_order_id=order.id,
            drop_id=drop_id,
            expires_at=clock.now() + LINK_LASTS,
        )
    )
    session.flush()
    return token


def follow_order_link(session: Session, token: str) -> tuple[Actor, str]:
    """Whom a link stands for and the number of its order. Raises `NotFound` for one unknown or too old."""
    speaker, number, park_code = _follow(session, token, "by mail")
    if park_code is not None:
        raise _too_old()
    return speaker, number


def follow_driver_link(session: Session, token: str) -> tuple[Actor, str, str]:
    """As whom a driver comes, with which order, to which park. Raises `NotFound` for a link unknown or too old."""
    driver, number, park_code = _follow(session, token, "driver")
    if park_code is None:
        raise _too_old()
    return driver, number, park_code


def _follow(session: Session, token: str, how: str) -> tuple[Actor, str, str | None]:
    found = session.exec(
        select(SupplierOrder.number, Supplier, Park.code)
        .join(SupplierOrderLink, col(SupplierOrderLink.supplier_order_id) == SupplierOrder.id)
        .join(Supplier, col(Supplier.id) == SupplierOrder.supplier_id)
        .outerjoin(Drop, col(Drop.id) == SupplierOrderLink.drop_id)
        .outerjoin(Park, col(Park.id) == Drop.park_id)
        .where(SupplierOrderLink.token_hash == hash_of(token), SupplierOrderLink.expires_at > clock.now())
    ).one_or_none()
    if found is None:
        raise _too_old()
    number, supplier, park_code = found
    actor = Actor(
        label=f"{supplier.code} ({how})",
        roles=frozenset({Role.SUPPLIER}),
        identity=f"supplier {supplier.code}",
        name=supplier.name,
        supplier_id=supplier.id,
    )
    return actor, number, park_code


def _too_old() -> NotFound:
    return NotFound("This link is too old. Ask the association for the order again.", code="link_expired")
