"""The suppliers' pages in a browser, and what the association sees of their answers."""

import re
from contextlib import nullcontext
from datetime import datetime, time, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import text
from sqlmodel import select

from app.accounts.actor import COMMAND_LINE, Actor, actor_for
from app.catalog.models import Supplier
from app.catalog.suppliers import add_supplier_user
from app.core import clock
from app.core.audit import AuditEntry
from app.core.clock import PARIS
from app.orders import tasks
from app.orders.consolidation.models.supplier_orders import SupplierOrder
from app.orders.fulfilment.supplier_links import LINK_LASTS, make_order_link
from app.orders.tracking.queries.cockpit import orders_to_follow_up
from tests.factories import World
from tests.site import Site

PAGE = "/supplier/orders/R1-S1"


class Desk:
    """An order sent (12 gloves in packs of 6, a dozen for one firm; 4 reams), and who speaks for its supplier."""

    def __init__(self, site: Site, world: World) -> None:
        self.site, self.world = site, world
        supplier = world.a_supplier("S1")
        self.gloves = world.an_offer(supplier, ((1, "10.00"),), pack=6, name="Gants")
        self.paper = world.an_offer(supplier, ((1, "4.00"),), name="Papier")
        self.buyer = world.a_buyer()
        self.order = world.an_order(world.an_open_round("R1"), (self.gloves, 12), (self.paper, 4), buyer=self.buyer)
        world.play("R1")
        self.speaker = self._speaker("S1")

    def _speaker(self, code: str) -> Actor:
        return actor_for(
            add_supplier_user(self.world.session, COMMAND_LINE, code, email=f"{code}@s.example", name=code, locale="en")
        )

    def stored(self) -> SupplierOrder:
        return self.world.session.exec(select(SupplierOrder).where(SupplierOrder.number == "R1-S1")).one()

    def change(self, quantity: str = "4", price: str = "4", day: str = "", reason: str = "") -> dict[str, list[str]]:
        """The form with the gloves left alone and the paper typed into."""
        return {
            "what": ["change"],
            "sku": [self.gloves.sku, self.paper.sku],
            "quantity": ["12", quantity],
            "unit_price": ["10.0000", price],
            "promised_on": ["", day],
            "reason": ["", reason],
        }


@pytest.fixture
def desk(site: Site, world: World) -> Desk:
    return Desk(site, world)


def test_a_supplier_comes_to_its_orders_and_sees_one(desk: Desk) -> None:
    assert desk.site.get("/", desk.speaker).headers["location"] == "/supplier/orders"
    listed = desk.site.get("/supplier/orders", desk.speaker).text
    assert PAGE in listed
    assert '"/catalogue"' not in listed
    page = desk.site.get(PAGE, desk.speaker).text
    assert desk.gloves.sku in page
    assert "Accept as ordered" in page
    assert desk.world.session.get_one(type(desk.order), desk.order.id).reference not in page
    lines = desk.site.get(f"{PAGE}?form=csv", desk.speaker).text
    assert lines.count("\n") == 3
    assert desk.site.get("/supplier/orders?form=csv", desk.speaker).text.count("\n") == 2


def test_a_supplier_without_orders_is_told_so(site: Site, world: World) -> None:
    world.a_supplier("S9")
    speaker = actor_for(
        add_supplier_user(world.session, COMMAND_LINE, "S9", email="n@s.example", name="N", locale="en")
    )
    assert "No order yet" in site.get("/supplier/orders", speaker).text


def test_pages_of_orders_hold_each_once_the_newest_first(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    from app.supplying.pages import orders as portal

    for code in ("R2", "R3"):
        desk.world.an_order(desk.world.an_open_round(code), (desk.paper, 4))
        desk.world.play(code)
    monkeypatch.setattr(portal, "PAGE_SIZE", 2)
    first = desk.site.get("/supplier/orders", desk.speaker).text
    following = re.search(r'rel="next" href="([^"]+)"', first)
    assert following is not None
    second = desk.site.get(following[1].replace("&amp;", "&"), desk.speaker).text
    found = re.findall(r"/supplier/orders/(R\d-S1)", first + second)
    assert sorted(set(found)) == ["R1-S1", "R2-S1", "R3-S1"]
    assert len(found) == 3


def test_an_order_is_accepted_with_one_button(desk: Desk) -> None:
    answer = desk.site.post(f"{PAGE}/answer", desk.speaker, data={"what": "accept", "supplier_reference": "AB-7"})
    assert answer.status_code == 303
    assert (desk.stored().status, desk.stored().supplier_reference) == ("acknowledged", "AB-7")
    assert "Accept as ordered" not in desk.site.get(PAGE, desk.speaker).text


def test_lines_are_changed_as_typed_and_the_association_and_the_buyer_see_it(desk: Desk) -> None:
    form = desk.change(quantity="3", price="3,5005", reason="last ones")
    assert desk.site.post(f"{PAGE}/answer", desk.speaker, data=form).status_code == 303
    order = desk.stored()
    assert (order.status, order.amount) == ("partially_acknowledged", Decimal("130.50"))
    seen = desk.site.get("/supplier-orders/R1-S1", desk.world.a_manager()).text
    assert "last ones" in seen
    bought = desk.site.get(f"/orders/{desk.order.id}", desk.buyer).text
    assert "10.50" in bought  # 3 at 3.5005
    assert "the supplier delivers less" in bought


def test_a_later_day_means_the_line_comes_later(desk: Desk) -> None:
    desk.site.post(f"{PAGE}/answer", desk.speaker, data=desk.change(day="2026-06-30"))
    page = desk.site.get(PAGE, desk.speaker).text
    assert "comes later" in page
    assert "30" in page


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({"quantity": "5"}, "confirm from 0 to 4"),
        ({"quantity": "two"}, "two is no quantity"),
        ({"price": "cheap"}, "cheap is not an amount"),
        ({"day": "soon"}, "soon is no day"),
    ],
)
def test_what_cannot_be_read_is_said_and_changes_nothing(desk: Desk, typed: dict[str, str], words: str) -> None:
    answer = desk.site.post(f"{PAGE}/answer", desk.speaker, data=desk.change(**typed))
    assert answer.status_code == 422
    assert words in answer.text
    assert desk.stored().status == "sent"


def test_an_order_is_refused_with_a_reason_only(desk: Desk) -> None:
    assert desk.site.post(f"{PAGE}/answer", desk.speaker, data={"what": "refuse"}).status_code == 422
    assert desk.site.post(f"{PAGE}/answer", desk.speaker, data={"what": "refuse", "why": "x"}).status_code == 303
    assert desk.stored().status == "refused"


def test_who_answers_a_version_that_is_past_is_told(desk: Desk) -> None:
    version = desk.stored().version
    desk.site.post(f"{PAGE}/answer", desk.speaker, data={"what": "accept", "version": version})
    late = desk.site.post(f"{PAGE}/answer", desk.speaker, data={"what": "refuse", "why": "x", "version": version})
    assert late.status_code == 422
    assert desk.stored().status == "acknowledged"


def test_goods_leave_in_two_journeys(desk: Desk) -> None:
    park = desk.world.park.code
    form: dict[str, object] = {"park": park, "expected_on": "2026-05-02", "carrier": "Heppner"}
    part = form | {"advice": "BL-1", "sku": [desk.gloves.sku, desk.paper.sku], "quantity": ["6", "0"]}
    assert desk.site.post(f"{PAGE}/despatch-advices", desk.speaker, data=part).status_code == 303
    page = desk.site.get(PAGE, desk.speaker).text
    assert "BL-1" in page
    assert 'max="6" value="6"' in page
    nothing = part | {"advice": "BL-2", "quantity": ["0", "0"]}
    assert "Say how much leaves" in desk.site.post(f"{PAGE}/despatch-advices", desk.speaker, data=nothing).text
    for bad in ({"expected_on": ""}, {"expected_on": "x"}, {"advice": "BL-1"}):
        wrong = form | {"advice": "BL-2"} | bad
        assert desk.site.post(f"{PAGE}/despatch-advices", desk.speaker, data=wrong).status_code == 422
    assert desk.site.post(f"{PAGE}/despatch-advices", desk.speaker, data=form | {"advice": "BL-2"}).status_code == 303
    assert "Send goods off" not in desk.site.get(PAGE, desk.speaker).text


def test_nobody_else_comes_to_these_pages(desk: Desk) -> None:
    desk.world.a_supplier("S2")
    other = desk._speaker("S2")
    for path in (PAGE, f"{PAGE}?form=csv", "/supplier-orders/R1-S1/documents/pdf"):
        assert desk.site.get(path, other).status_code == 404
    for path, form in (
        (f"{PAGE}/answer", {}),
        (f"{PAGE}/despatch-advices", {"advice": "B", "expected_on": "2026-05-02"}),
    ):
        assert desk.site.post(path, other, data=form).status_code == 404
    assert desk.stored().status == "sent"
    for actor in (desk.buyer, desk.world.a_manager()):
        for path in ("/supplier/orders", PAGE):
            assert desk.site.get(path, actor).status_code == 403


def test_a_dearer_price_is_decided_on_the_page_of_the_order(desk: Desk) -> None:
    for line in desk.world.lines_of(desk.order):
        line.ceiling_price = Decimal("4.00") if line.offer_id == desk.paper.id else line.ceiling_price
    desk.site.post(f"{PAGE}/answer", desk.speaker, data=desk.change(price="5"))
    manager = desk.world.a_manager()
    page = desk.site.get("/supplier-orders/R1-S1", manager).text
    assert "taking it means 4 units less" in page
    path = f"/supplier-orders/R1-S1/prices/{desk.paper.id}"
    assert desk.site.post(path, desk.speaker, data={"accept": "false"}).status_code == 403
    assert desk.site.post(path, manager, data={"accept": "false"}).status_code == 303
    assert "taking it means" not in desk.site.get("/supplier-orders/R1-S1", manager).text
    assert desk.stored().amount == Decimal("136.00")


def test_the_keeper_of_the_catalogue_invites_who_speaks_for_a_supplier(desk: Desk) -> None:
    manager = desk.world.a_manager()
    assert "S1@s.example" in desk.site.get("/suppliers", manager).text.replace("s1@", "S1@")
    form = {"code": "S1", "email": "new@s.example", "name": "Nina"}
    assert desk.site.post("/suppliers/people", manager, data=form).status_code == 303
    assert "new@s.example" in desk.site.get("/suppliers?form=csv", manager).text
    assert "new@s.example" not in desk.site.get("/members", manager).text
    for wrong in ({"code": "S9"}, {"email": "nobody"}, {}):
        assert desk.site.post("/suppliers/people", manager, data=form | wrong).status_code in (404, 422)
    assert desk.site.post("/suppliers/mail", manager, data={"code": "S1", "email": "o@s.example"}).status_code == 303
    assert desk.world.session.exec(select(Supplier.email).where(Supplier.code == "S1")).one() == "o@s.example"
    assert desk.site.post("/suppliers/mail", manager, data={"code": "S1", "email": "x"}).status_code == 422
    assert desk.site.post("/suppliers/people", desk.buyer, data=form).status_code in (403, 422)
    assert desk.site.get("/suppliers", desk.buyer).status_code == 403


def test_a_supplier_makes_its_key_on_the_account_page(desk: Desk) -> None:
    none = desk.site.post("/account/keys", desk.speaker, data={"name": "ERP"})
    assert none.status_code == 422
    made = desk.site.post(
        "/account/keys", desk.speaker, data={"name": "ERP", "scope": ["orders:read", "orders:write"]}
    ).text
    found = re.search(r"eng_[0-9a-f]{8}_[\w-]{40,}", made)
    assert found is not None
    answer = desk.site.get("/api/v1/supplier/orders/R1-S1", headers={"Authorization": f"Bearer {found[0]}"})
    assert answer.status_code == 200


@pytest.fixture
def mailed(desk: Desk) -> str:
    """The address in the supplier's mail."""
    desk.world.session.exec(select(Supplier).where(Supplier.code == "S1")).one().email = "orders@s.example"
    return make_order_link(desk.world.session, desk.stored())


def test_a_supplier_without_account_answers_and_sends_off_by_the_link_in_its_mail(desk: Desk, mailed: str) -> None:
    page = desk.site.get(mailed).text
    assert "Accept as ordered" in page
    assert f"{mailed}/answer" in page
    assert "/supplier/orders" not in page
    assert desk.site.get(f"{mailed}/documents/pdf").content.startswith(b"%PDF")
    assert desk.site.get(f"{mailed}?form=csv").text.count("\n") == 3
    assert desk.site.post(f"{mailed}/answer", data=desk.change(quantity="3")).headers["location"] == mailed
    assert desk.stored().status == "partially_acknowledged"
    leaving = {"park": desk.world.park.code, "expected_on": "2026-05-02", "advice": "BL-1"}
    assert desk.site.post(f"{mailed}/despatch-advices", data=leaving).status_code == 303
    assert desk.stored().status == "shipped"
    entry = desk.world.session.exec(select(AuditEntry).where(AuditEntry.action == "supplier_order.shipped")).one()
    assert entry.actor == "S1 (by mail)"


def test_a_link_opens_its_order_alone_and_not_for_ever(
    desk: Desk, mailed: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    later = clock.now() + LINK_LASTS + timedelta(minutes=1)
    assert desk.site.get("/supplier/by-mail/nonsense").status_code == 404
    assert desk.site.get("/supplier/orders").status_code == 303
    monkeypatch.setattr(clock, "now", lambda: later)
    for path in (mailed, f"{mailed}/documents/pdf"):
        assert desk.site.get(path).status_code == 404
    for path in (f"{mailed}/answer", f"{mailed}/despatch-advices"):
        assert desk.site.post(path, data={}).status_code == 404
    assert desk.stored().status == "sent"


def test_the_mail_of_an_order_carries_the_link(desk: Desk, mailed: str, monkeypatch: pytest.MonkeyPatch) -> None:
    session = desk.world.session
    monkeypatch.setattr(tasks, "transaction", lambda: nullcontext(session))
    session.execute(text("DELETE FROM procrastinate_jobs"))
    tasks.send_supplier_order(desk.stored().id or 0)
    body = session.scalar(text("SELECT args->>'body' FROM procrastinate_jobs")) or ""
    found = re.search(r"/supplier/by-mail/[\w-]+", body)
    assert found is not None
    assert desk.gloves.sku in desk.site.get(found[0]).text


def test_the_cockpit_says_which_suppliers_need_the_manager(desk: Desk) -> None:
    session, now = desk.world.session, clock.now()
    assert orders_to_follow_up(session, now) == []
    (waiting,) = orders_to_follow_up(session, now + timedelta(days=1, minutes=1))
    assert (waiting.number, waiting.why) == ("R1-S1", "unanswered")
    desk.site.post(f"{PAGE}/answer", desk.speaker, data=desk.change(price="9"))
    (waiting,) = orders_to_follow_up(session, now)
    assert waiting.why == "price_asked"
    manager = desk.world.a_manager()
    assert "asks another price" in desk.site.get("/cockpit", manager).text
    desk.site.post(f"/supplier-orders/R1-S1/prices/{desk.paper.id}", manager, data={"accept": "false"})
    assert waiting.due_on is not None
    due = datetime.combine(waiting.due_on, time(12), PARIS)
    assert orders_to_follow_up(session, due - timedelta(days=1)) == []
    assert [one.why for one in orders_to_follow_up(session, due)] == ["to_receive"]
