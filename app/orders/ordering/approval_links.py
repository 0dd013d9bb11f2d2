"""Deciding by mail: a link that lets one approver decide one step of one order, once, without signing in."""

from datetime import timedelta

from sqlalchemy import insert, update
from sqlmodel import Session, col, select

from app.accounts.models import Person
from app.core import clock
from app.core.errors import InvalidInput
from app.core.tokens import hash_of, new_token
from app.orders.ordering.models.company import ApprovalLink

LINK_LASTS = timedelta(days=14)


def make_approval_links(session: Session, order_id: int, people: list[Person]) -> list[str]:
    """A link for each person, as paths of ours; only hashes are kept."""
    tokens = [new_token() for _person in people]
    expires_at = clock.now() + LINK_LASTS
    session.execute(
        insert(ApprovalLink),
        [
            {"token_hash": hash_of(token), "order_id": order_id, "person_id": person.id, "expires_at": expires_at}
            for token, person in zip(tokens, people, strict=True)
        ],
    )
    return [f"/approvals/by-mail?token={token}" for token in tokens]


def find_approval_link(session: Session, token: str) -> ApprovalLink:
    """The link of a token, if it can still be used. Raises `InvalidInput`."""
    link = session.exec(
        select(ApprovalLink).where(
            ApprovalLink.token_hash == hash_of(token),
            col(ApprovalLink.used_at).is_(None),
            ApprovalLink.expires_at > clock.now(),
        )
    ).one_or_none()
    if link is None:
        raise InvalidInput("This link is used or too old. Sign in to decide.", code="link_expired")
    return link


def use_approval_link(session: Session, token: str) -> ApprovalLink:
    """The link of a token, which is then used up. Raises `InvalidInput` for one that cannot be used."""
    link = find_approval_link(session, token)
    used = session.scalar(
        update(ApprovalLink)
        .where(col(ApprovalLink.id) == link.id, col(ApprovalLink.used_at).is_(None))
        .values(used_at=clock.now())
        .returning(col(ApprovalLink.id))
    )
    if used is None or not session.get_one(Person, link.person_id).active:
        raise InvalidInput("This link is used or too old. Sign in to decide.", code="link_expired")
    return link
