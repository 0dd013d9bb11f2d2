"""Comments on an order reach who takes part; announcements are seen by who signs in, until their day."""

from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlmodel import Session

from app.accounts.announcements import announce, announcements, end_announcement
from app.accounts.permissions import Role
from app.core import clock
from app.core.errors import InvalidInput, NotAllowed, NotFound
from app.orders.ordering.comments import comment_on_order
from tests.factories import NOW, World
from tests.site import Site


def told(session: Session) -> list[str]:
    rows = session.execute(text("SELECT args->>'to' FROM procrastinate_jobs WHERE task_name = 'mail.send' ORDER BY id"))
    return list(rows.scalars())


def test_a_comment_is_mailed_to_the_others_who_take_part(world: World, session: Session) -> None:
    company = world.a_company()
    buyer, approver = world.a_buyer(company), world.an_actor(Role.APPROVER, company=company)
    order = world.an_order(world.an_open_round(), (world.an_offer(), 1), buyer=buyer)
    comment_on_order(session, approver, order.id or 0, "Pour quel chantier ?")
    assert told(session) == [buyer.identity]
    comment_on_order(session, buyer, order.id or 0, "Le 12")
    assert told(session) == [buyer.identity, approver.identity]
    comment_on_order(session, world.a_manager(), order.id or 0, "Noté")
    assert sorted(told(session)[2:]) == sorted([buyer.identity, approver.identity])


def test_strangers_say_nothing_and_nobody_says_nothing(world: World, session: Session) -> None:
    buyer = world.a_buyer()
    order = world.an_order(world.an_open_round(), (world.an_offer(), 1), buyer=buyer)
    with pytest.raises(NotFound):
        comment_on_order(session, world.a_buyer(), order.id or 0, "Bonjour")
    with pytest.raises(InvalidInput, match="needs words"):
        comment_on_order(session, buyer, order.id or 0, "  ")


def test_a_comment_is_shown_as_text_not_as_html(site: Site, world: World, session: Session) -> None:
    buyer = world.a_buyer()
    order = world.an_order(world.an_open_round(), (world.an_offer(), 1), buyer=buyer)
    site.post(f"/orders/{order.id}/comments", buyer, data={"words": "<b>oui</b>"})
    page = site.get(f"/orders/{order.id}", buyer).text
    assert "&lt;b&gt;oui&lt;/b&gt;" in page


def test_an_announcement_is_shown_to_who_signs_in_until_its_day_is_over(
    site: Site, world: World, session: Session
) -> None:
    manager, buyer = world.a_manager(), world.a_buyer()
    made = announce(session, manager, french="Livraison mardi", english="", last_day=NOW.date())
    assert "Livraison mardi" in site.get("/", buyer).text
    assert "Livraison mardi" not in site.get("/").text
    with clock.frozen(NOW + timedelta(days=1)):
        assert announcements(session) == []
    end_announcement(session, manager, made.id or 0)
    assert announcements(session) == []


def test_announcements_are_the_managers_and_need_words_and_a_day_to_come(world: World, session: Session) -> None:
    with pytest.raises(NotAllowed):
        announce(session, world.a_buyer(), french="x", english="", last_day=NOW.date())
    manager = world.a_manager()
    with pytest.raises(InvalidInput, match="needs words"):
        announce(session, manager, french=" ", english="x", last_day=NOW.date())
    with pytest.raises(InvalidInput, match="is over"):
        announce(session, manager, french="x", english="", last_day=NOW.date() - timedelta(days=1))
