"""Letters to suppliers: to everybody who speaks for one, or to where its orders go."""

from collections.abc import Callable, Iterable
from typing import NamedTuple

from sqlalchemy import text
from sqlmodel import Session

from app.core.i18n import speaking
from app.notify.letters import Action, queue_letter


class Said(NamedTuple):
    """What a letter says: its subject, its paragraphs, the button under them."""

    subject: str
    paragraphs: list[str]
    action: Action


def write_to_suppliers(session: Session, supplier_ids: Iterable[int], say: Callable[[int, str], Said]) -> None:
    """Queue a letter to each who speaks for these suppliers; `say(supplier, locale)` words it in their language.

    A supplier for whom nobody signs in is written to where its orders go, if it has a mail address.
    """
    rows = session.execute(
        text("""
            SELECT s.id AS supplier_id, p.email, p.locale FROM suppliers s
            JOIN supplier_users u ON u.supplier_id = s.id JOIN people p ON p.id = u.person_id AND p.active
            WHERE s.id = ANY(:ids)
            UNION ALL
            SELECT s.id, s.email, 'fr' FROM suppliers s
            WHERE s.id = ANY(:ids) AND s.email <> '' AND NOT EXISTS (
                SELECT FROM supplier_users u JOIN people p ON p.id = u.person_id AND p.active
                WHERE u.supplier_id = s.id)
            ORDER BY supplier_id, email
        """),
        {"ids": list(supplier_ids)},
    )
    for row in rows.all():
        with speaking(row.locale):
            queue_letter(session, row.email, *say(row.supplier_id, row.locale))
