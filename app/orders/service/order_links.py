"""Answering by mail: a link that opens one supplier order to its supplier, without an account, until it is too old."""

from datetime import timedelta

from sqlmodel import Session, col, select

from app.accounts.actor import Actor
from app.accounts.permissions import Role
from app.catalog.models import Supplier
from app.core import clock
from app.core.errors import NotFound
from app.core.tokens import hash_of, new_token
from app.orders.models import SupplierOrder, SupplierOrderLink

LINK_LASTS = timedelta(days=60)  # from the order to the last of its goods


def make_order_link(session: Session, order: SupplierOrder) -> str:
    """A link to an order, as a path of ours; only its hash is kept."""
    assert order.id is not None
    token = new_token()
    session.add(
        SupplierOrderLink(token_hash=hash_of(token), supplier_order_id=order.id, expires_at=clock.now() + LINK_LASTS)
    )
    session.flush()
    return f"/supplier/by-mail/{token}"


def follow_order_link(session: Session, token: str) -> tuple[Actor, str]:
    """Whom a link stands for and the number of its order. Raises `NotFound` for one unknown or too old."""
    found = session.exec(
        select(SupplierOrder.number, Supplier.id, Supplier.code, Supplier.name)
        .join(SupplierOrderLink, col(SupplierOrderLink.supplier_order_id) == SupplierOrder.id)
        .join(Supplier, col(Supplier.id) == SupplierOrder.supplier_id)
        .where(SupplierOrderLink.token_hash == hash_of(token), SupplierOrderLink.expires_at > clock.now())
    ).one_or_none()
    if found is None:
        raise NotFound("This link is too old. Ask the association for the order again.", code="link_expired")
    number, supplier_id, code, name = found
    speaker = Actor(
        label=f"{code} (by mail)",
        roles=frozenset({Role.SUPPLIER}),
        identity=f"supplier {code}",
        name=name,
        supplier_id=supplier_id,
    )
    return speaker, number
