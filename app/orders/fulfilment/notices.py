"""Letters to buyers about what a supplier answered and what came: one for each order that is concerned."""

from collections.abc import Iterable, Mapping
from itertools import groupby

from sqlalchemy import text
from sqlmodel import Session

from app.core import clock, jobs
from app.core.i18n import gettext as _
from app.core.i18n import speaking
from app.notify.letters import Action, letter
from app.notify.mail import send_mail
from app.orders.consolidation.models.supplier_orders import Drop, LineAnswer, SupplierOrder


def tell_buyers(session: Session, order: SupplierOrder, lost: Mapping[int, int]) -> None:
    """Mail each buyer whose share shrank, once; `lost` gives the units that a line lost."""
    if not lost:
        return
    rows = session.execute(
        text("""
            SELECT p.email, p.locale, o.id AS order_id, l.id AS line_id, f.name
            FROM order_lines l
            JOIN member_orders o ON o.id = l.order_id
            JOIN people p ON p.id = o.person_id
            JOIN round_offers f ON f.round_id = o.round_id AND f.offer_id = l.offer_id
            WHERE l.id = ANY(:lines) ORDER BY p.id, l.id
        """),
        {"lines": list(lost)},
    )
    letters = []
    for email, group in groupby(rows, key=lambda row: row.email):
        lines = list(group)
        with speaking(lines[0].locale):
            subject = _("Your order changed: {number}").format(number=order.number)
            words = _("The supplier delivers less than was ordered. Your order says what rolls over.")
            action = Action(_("Look at the order"), f"/orders/{lines[-1].order_id}")
            losses = [(f"{line.name}: −{lost[line.line_id]}",) for line in lines]
            letters.append(letter(email, subject, [words], action, rows=losses))
    jobs.defer_many(session, send_mail, letters)


def tell_arrived(session: Session, drop: Drop, offer_ids: Iterable[int]) -> None:
    """Mail each buyer for whom something came, once nothing of their order is still expected: it can be fetched.

    What a supplier promised for a later day keeps nobody waiting.
    """
    rows = session.execute(
        text("""
            SELECT p.email, p.locale, o.id AS order_id, k.name AS park, sum(a.served) AS units
            FROM member_orders o
            JOIN people p ON p.id = o.person_id
            JOIN parks k ON k.id = o.park_id
            JOIN order_lines l ON l.order_id = o.id
            JOIN allocations a ON a.order_line_id = l.id AND a.received_quantity IS NOT NULL
            WHERE o.park_id = :park AND EXISTS (
                SELECT FROM order_lines n JOIN allocations c ON c.order_line_id = n.id
                WHERE n.order_id = o.id AND c.supplier_order_id = :id AND c.offer_id = ANY(:offers) AND c.served > 0
            ) AND NOT EXISTS (
                SELECT FROM order_lines n JOIN allocations c ON c.order_line_id = n.id
                JOIN supplier_order_lines s ON s.supplier_order_id = c.supplier_order_id AND s.offer_id = c.offer_id
                WHERE n.order_id = o.id AND c.received_quantity IS NULL AND c.served > 0
                  AND (s.answer IS DISTINCT FROM :back_ordered OR s.promised_on <= :today)
            )
            GROUP BY p.id, o.id, k.id ORDER BY p.id, o.id
        """),
        {
            "park": drop.park_id,
            "id": drop.supplier_order_id,
            "offers": list(offer_ids),
            "back_ordered": LineAnswer.BACK_ORDERED.value,
            "today": clock.today(),
        },
    )
    letters = []
    for row in rows:
        with speaking(row.locale):
            subject = _("Your order is here: {park}").format(park=row.park)
            words = _("{units} units of your order have come and can be fetched.").format(units=row.units)
            letters.append(
                letter(row.email, subject, [words], Action(_("Look at the order"), f"/orders/{row.order_id}"))
            )
    jobs.defer_many(session, send_mail, letters)
