"""The day the goods come: every unit of a drop stands on one firm's split sheet, and on paper each firm has its own."""

import csv
import io

import pytest
from sqlalchemy import text
from sqlmodel import Session

from app.core.errors import NotFound
from app.deliveries import queries
from app.orders.consolidation.round_approval import approve_round
from app.orders.rounds.service import get_round, round_key
from tests.factories import World
from tests.site import Site


@pytest.fixture
def round_id(world: World, session: Session) -> int:
    """Two firms on one park, one on another; two suppliers; a pack left short."""
    south = world.a_park("sud")
    gloves = world.an_offer(world.a_supplier("S1"), pack=6, name="Gants")
    paper = world.an_offer(world.a_supplier("S2"), name="Papier")
    purchasing_round = world.an_open_round("R")
    first, second = world.a_company("ANNE"), world.a_company("BRUNO")
    world.an_order(purchasing_round, (gloves, 5), (paper, 2), buyer=world.a_buyer(first))
    world.an_order(purchasing_round, (gloves, 3), buyer=world.a_buyer(first))
    world.an_order(purchasing_round, (gloves, 5), buyer=world.a_buyer(second))
    world.an_order(purchasing_round, (paper, 4), buyer=world.a_buyer(world.a_company("CLEO", south)))
    world.play("R", until=approve_round)
    return round_key(get_round(session, "R"))


def test_split_sheets_hold_every_unit_of_every_drop(session: Session, round_id: int) -> None:
    for park in queries.park_deliveries(session, round_id):
        dropped = session.execute(
            text("""
                SELECT sum(l.quantity) FROM drop_lines l JOIN drops d ON d.id = l.drop_id
                JOIN supplier_orders s ON s.id = d.supplier_order_id
                WHERE s.round_id = :round_id AND d.park_id = :park_id
            """),
            {"round_id": round_id, "park_id": park.park_id},
        ).scalar_one()
        firms = queries.firm_shares(session, round_id, park.park_id, None, 50).items
        lines = queries.split_lines(session, round_id, park.park_id, [firm.company_id for firm in firms])
        assert park.unit_count == dropped == sum(line.quantity for line in lines) == sum(f.unit_count for f in firms)


def test_a_firms_sheet_sums_its_orders_and_names_them(session: Session, round_id: int) -> None:
    park = queries.park_delivery(session, round_id, "nord")
    anne, bruno = queries.firm_shares(session, round_id, park.park_id, None, 50).items
    assert (anne.name, anne.order_count, anne.article_count, anne.supplier_names) == (
        "Firme ANNE",
        2,
        2,
        ["Fournisseur 1", "Fournisseur 4"],
    )
    gloves, paper = queries.split_lines(session, round_id, park.park_id, [anne.company_id])
    assert (gloves.name, paper.name, paper.quantity) == ("Gants", "Papier", 2)
    assert gloves.orders.count("(Personne") == 2
    assert bruno.unit_count + gloves.quantity == 12


def test_firms_come_page_after_page(session: Session, round_id: int) -> None:
    park = queries.park_delivery(session, round_id, "nord")
    first = queries.firm_shares(session, round_id, park.park_id, None, 1)
    second = queries.firm_shares(session, round_id, park.park_id, first.next_cursor, 1)
    assert [firm.code for firm in (*first.items, *second.items)] == ["ANNE", "BRUNO"]
    assert second.next_cursor is None


def test_the_pages_show_them_and_give_them_as_a_file(world: World, site: Site, round_id: int) -> None:
    manager = world.a_manager()
    assert "Parc sud" in site.get("/rounds/R/deliveries", manager).text
    sheets = site.get("/rounds/R/deliveries/nord", manager).text
    assert sheets.count('class="sheet"') == 2
    assert "Received on the park" in sheets
    taken = site.get("/rounds/R/deliveries/nord?form=csv", manager)
    rows = list(csv.reader(io.StringIO(taken.content.decode("utf-8-sig"))))
    assert [row[0] for row in rows] == ["Firm", "Firme ANNE", "Firme ANNE", "Firme BRUNO"]
    labels = site.get("/rounds/R/deliveries/nord/labels", manager).text
    assert labels.count('class="label"') == 2
    assert site.get("/rounds/R/deliveries/nord", world.a_buyer()).status_code == 403


def test_nothing_comes_where_nobody_ordered(world: World, session: Session, site: Site, round_id: int) -> None:
    world.a_park("est")
    with pytest.raises(NotFound):
        queries.park_delivery(session, round_id, "est")
    world.an_open_round("LATER")
    assert "Nothing is to be delivered" in site.get("/rounds/LATER/deliveries", world.a_manager()).text
