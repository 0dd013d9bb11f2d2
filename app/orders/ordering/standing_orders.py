"""Standing orders: lists that order themselves when a round opens, each once a round, a week or a month."""

from datetime import timedelta

from sqlalchemy import text
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import Session, col

from app.accounts.actor import Actor, actor_for
from app.accounts.models import Person
from app.core import audit, clock
from app.core.errors import DomainError
from app.core.i18n import gettext as _
from app.core.i18n import say, speaking
from app.notify.letters import Action, queue_letter
from app.orders.ordering.lists import get_list, order_list
from app.orders.ordering.member_orders import submit_order
from app.orders.ordering.models.member_orders import OrderList, StandingPlacement, StandingRhythm
from app.orders.ordering.placed_orders import order_key
from app.orders.ordering.queries import orders as order_queries
from app.orders.rounds.models import Round, RoundStatus


def set_standing(session: Session, actor: Actor, list_id: int, rhythm: StandingRhythm) -> OrderList:
    """Let a list of the actor's own order itself, in a rhythm, from the next round that opens; or stop it."""
    kept = get_list(session, actor, list_id)
    kept.standing, kept.skip_next = rhythm, False
    audit.record(session, actor.label, "list.standing", kept, rhythm=rhythm.value)
    return kept


def set_skip_next(session: Session, actor: Actor, list_id: int, skip: bool) -> OrderList:
    """Leave the next round out, or do not."""
    kept = get_list(session, actor, list_id)
    kept.skip_next = skip
    return kept


def lists_due(session: Session, round_id: int) -> list[int]:
    """The standing lists that a round has not placed yet; weekly and monthly ones not again in a week or month."""
    today = clock.today()
    return list(
        session.scalars(
            text("""
                SELECT k.id FROM order_lists k JOIN people p ON p.id = k.person_id AND p.active
                WHERE k.standing <> :off
                    AND NOT EXISTS (
                        SELECT FROM standing_placements s WHERE s.list_id = k.id
                            AND (s.round_id = :round_id
                                OR k.standing = :weekly AND s.placed_on >= :monday
                                OR k.standing = :monthly AND s.placed_on >= :month))
                ORDER BY k.id
            """),
            {
                "round_id": round_id,
                "off": StandingRhythm.OFF,
                "weekly": StandingRhythm.WEEKLY,
                "monthly": StandingRhythm.MONTHLY,
                "monday": today - timedelta(days=today.weekday()),
                "month": today.replace(day=1),
            },
        )
    )


def place_standing(session: Session, list_id: int, round_id: int) -> None:
    """Place one list in a round that is open, once; its buyer is told, with the reason where it cannot be.

    Where the buyer has begun a cart in the round already, the list joins it and waits to be placed by hand.
    """
    purchasing_round = session.get_one(Round, round_id)
    kept = session.get_one(OrderList, list_id, with_for_update=True)
    if purchasing_round.status is not RoundStatus.OPEN or kept.standing is StandingRhythm.OFF:
        return
    claimed = session.scalar(
        insert(StandingPlacement)
        .values(list_id=list_id, round_id=round_id, placed_on=clock.today())
        .on_conflict_do_nothing()
        .returning(col(StandingPlacement.list_id))
    )
    if claimed is None:
        return
    if kept.skip_next:
        kept.skip_next = False
        return
    person = session.get_one(Person, kept.person_id)
    with speaking(person.locale):
        subject, words, path = _place(
            session, actor_for(person, label=f"{person.email} (standing order)"), kept, round_id
        )
        queue_letter(session, person.email, subject, [words], Action(_("Look at the order"), path))


def _place(session: Session, actor: Actor, kept: OrderList, round_id: int) -> tuple[str, str, str]:
    """Place the list, or say why not: the subject, the words and the path of the letter about it."""
    begun = order_queries.cart_id_of(session, actor.require_person(), round_id) is not None
    try:
        with session.begin_nested():
            cart = order_list(session, actor, kept.id or 0, round_id)
            if not begun:
                submit_order(session, actor, order_key(cart))
    except DomainError as refusal:
        subject = _("“{list}” could not be ordered").format(list=kept.name)
        return subject, say(refusal), "/lists"
    if begun:
        subject = _("“{list}” is in your cart").format(list=kept.name)
        return subject, _("You have begun a cart in this round: place it when it is right."), "/cart"
    subject = _("“{list}” ordered itself: {reference}").format(list=kept.name, reference=cart.reference)
    return subject, _("You can change or cancel it until the cut-off."), f"/orders/{cart.id}"
