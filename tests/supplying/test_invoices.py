"""Suppliers' invoices: matched with order and receipt, decided about, and the order is closed."""

from decimal import Decimal
from typing import Any

import pytest
from sqlmodel import Session, select

from app.accounts.actor import Actor
from app.orders.consolidation.drops import Arrival
from app.orders.consolidation.models.supplier_orders import SupplierOrder, SupplierOrderStatus
from app.orders.fulfilment.receipts import receive_drop
from app.supplying.models.invoices import SupplierInvoice
from app.supplying.supplier_invoices import match_invoices
from tests.supplying.desk import ORDER, Desk

PDF = b"%PDF-1.7 an invoice"
INVOICE = {"number": "FA-1", "issued_on": "2026-03-12"}


@pytest.fixture
def shipped(desk: Desk) -> Desk:
    """Everything of R1-S1 is on its way: 12 gloves at 10.00, 4 reams at 4.00."""
    advice = {"number": "BL-1", "park": desk.world.park.code, "expected_on": "2026-03-10"}
    assert desk.ask("POST", f"{ORDER}/despatch-advices", desk.key(), json=advice).status_code == 201
    return desk


def send(desk: Desk, **changes: Any) -> Any:
    return desk.ask("POST", f"{ORDER}/invoices", desk.key(), json=INVOICE | changes)


def arrive(desk: Desk, *arrivals: Arrival) -> SupplierOrder:
    """What came is recorded, and what the job does after it is done."""
    order = receive_drop(desk.world.session, desk.world.a_manager(), "R1-S1", desk.world.park.code, arrivals)
    match_invoices(desk.world.session, order)
    return order


def status_of(desk: Desk, number: str = "FA-1") -> str:
    session = desk.world.session
    session.expire_all()
    return session.exec(select(SupplierInvoice.status).where(SupplierInvoice.number == number)).one().value


def test_an_invoice_for_everything_waits_for_the_goods_and_then_closes_the_order(shipped: Desk) -> None:
    answer = send(shipped, total_amount="163.20")
    assert answer.status_code == 201, answer.text
    invoice = answer.json()
    assert (invoice["net_amount"], invoice["vat_amount"], invoice["total_amount"]) == ("136.00", "27.20", "163.20")
    assert (invoice["status"], invoice["differences"]) == ("waiting", [])
    order = arrive(shipped)
    assert status_of(shipped) == "matched"
    assert order.status is SupplierOrderStatus.CLOSED


def test_what_came_short_is_told_from_what_is_asked(shipped: Desk) -> None:
    send(shipped)
    order = arrive(shipped, Arrival(shipped.paper.sku, 3))
    assert status_of(shipped) == "to_check"
    assert order.status is SupplierOrderStatus.RECEIVED
    listed = shipped.site.get("/api/v1/supplier-invoices?status=to_check", shipped.world.a_manager()).json()["items"]
    assert listed[0]["differences"] == [
        {"kind": "more_than_came", "sku": shipped.paper.sku, "due": "3", "asked": "4"},
    ]


def test_a_disputed_invoice_makes_room_for_a_right_one(shipped: Desk) -> None:
    sent = send(shipped).json()
    order = arrive(shipped, Arrival(shipped.paper.sku, 3))
    manager = shipped.world.a_manager()
    where = f"/api/v1/supplier-invoices/{sent['id']}/decision"
    silent = shipped.site.post(where, manager, json={"accept": False})
    assert (silent.status_code, silent.json()["code"]) == (422, "invalid")
    decided = shipped.site.post(where, manager, json={"accept": False, "reason": "3 reams came"})
    assert (decided.status_code, decided.json()["status"]) == (200, "disputed")
    assert send(shipped, number="FA-2").json()["net_amount"] == "132.00"
    assert status_of(shipped, "FA-2") == "matched"
    shipped.world.session.refresh(order)
    assert order.status is SupplierOrderStatus.CLOSED
    again = shipped.site.post(where, manager, json={"accept": True})
    assert (again.status_code, again.json()["code"]) == (409, "decided_already")


def test_an_invoice_may_be_accepted_in_spite_of_its_differences(shipped: Desk) -> None:
    sent = send(shipped, lines=[{"sku": shipped.gloves.sku, "quantity": 12, "unit_price": "10.5"}]).json()
    assert [one["kind"] for one in sent["differences"]] == ["dearer"]
    arrive(shipped)
    treasurer_path = f"/api/v1/supplier-invoices/{sent['id']}/decision"
    decided = shipped.site.post(treasurer_path, shipped.world.a_manager(), json={"accept": True})
    assert decided.json()["status"] == "accepted"
    rest = send(shipped, number="FA-2").json()
    assert [(line["sku"], line["quantity"]) for line in rest["lines"]] == [(shipped.paper.sku, 4)]
    assert status_of(shipped, "FA-2") == "matched"


def test_two_invoices_share_an_order_and_no_unit_is_asked_twice(shipped: Desk) -> None:
    first = send(shipped, lines=[{"sku": shipped.gloves.sku, "quantity": 6}]).json()
    assert first["net_amount"] == "60.00"
    second = send(shipped, number="FA-2").json()
    assert {line["sku"]: line["quantity"] for line in second["lines"]} == {
        shipped.gloves.sku: 6,
        shipped.paper.sku: 4,
    }
    over = send(shipped, number="FA-3", lines=[{"sku": shipped.gloves.sku, "quantity": 1}]).json()
    assert (over["status"], over["differences"][0]["due"]) == ("to_check", "0")
    nothing = send(shipped, number="FA-4")
    assert (nothing.status_code, nothing.json()["code"]) == (409, "nothing_to_invoice")


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({"number": " "}, 422, "invalid_request"),
        ({"numbre": "FA-1"}, 422, "invalid_request"),
        ({"total_amount": 163.2}, 422, "invalid_request"),
        ({"total_amount": "163.21"}, 422, "wrong_total"),
        ({"lines": [{"sku": "unknown", "quantity": 1}]}, 422, "unknown_line"),
        ({"lines": [{"sku": "GLOVES", "quantity": 1}, {"sku": "GLOVES", "quantity": 2}]}, 422, "line_twice"),
    ],
)
def test_an_invoice_that_cannot_be_is_refused(shipped: Desk, changes: dict[str, Any], status: int, code: str) -> None:
    named = {"GLOVES": shipped.gloves.sku}
    lines = [line | {"sku": named.get(line["sku"], line["sku"])} for line in changes.get("lines", [])]
    answer = send(shipped, **(changes | {"lines": lines} if lines else changes))
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert shipped.world.session.exec(select(SupplierInvoice)).all() == []


def test_nothing_is_invoiced_before_it_leaves_and_no_number_twice(desk: Desk) -> None:
    early = send(desk)
    assert (early.status_code, early.json()["code"]) == (409, "wrong_order_status")
    advice = {"number": "BL-1", "park": desk.world.park.code, "expected_on": "2026-03-10"}
    desk.ask("POST", f"{ORDER}/despatch-advices", desk.key(), json=advice)
    assert send(desk).status_code == 201
    twice = send(desk)
    assert (twice.status_code, twice.json()["code"]) == (409, "duplicate_invoice")


def test_the_invoice_as_it_was_made_is_kept_once(shipped: Desk, session: Session) -> None:
    key, sent = shipped.key(), send(shipped).json()
    where = f"/api/v1/supplier/invoices/{sent['id']}/file"
    wrong = shipped.ask("PUT", where, key, files={"file": ("a.pdf", b"no PDF")})
    assert wrong.status_code == 422
    kept = shipped.ask("PUT", where, key, files={"file": ("FA-1.pdf", PDF)})
    assert (kept.status_code, kept.json()["name"]) == (201, "FA-1.pdf")
    twice = shipped.ask("PUT", where, key, files={"file": ("FA-1.pdf", PDF)})
    assert (twice.status_code, twice.json()["code"]) == (409, "file_exists")
    shown = shipped.site.get(f"/supplier-invoices/{sent['id']}/file", shipped.world.a_manager())
    assert (shown.content, shown.headers["content-type"]) == (PDF, "application/pdf")


def test_another_supplier_finds_no_invoice(shipped: Desk) -> None:
    sent, stranger = send(shipped).json(), shipped.key("S2")
    for method, path in (
        ("GET", f"/api/v1/supplier/invoices/{sent['id']}"),
        ("PUT", f"/api/v1/supplier/invoices/{sent['id']}/file"),
    ):
        answer = shipped.ask(method, path, stranger, files={"file": ("a.pdf", PDF)} if method == "PUT" else None)
        assert answer.status_code == 404
    assert shipped.ask("GET", "/api/v1/supplier/invoices", stranger).json()["items"] == []
    assert len(shipped.ask("GET", "/api/v1/supplier/invoices", shipped.key()).json()["items"]) == 1


def test_the_statement_says_what_is_received_after_commission(shipped: Desk) -> None:
    speaker: Actor = shipped.speakers["S1"]
    send(shipped)
    page = shipped.site.get("/supplier/statement", speaker)
    assert page.status_code == 200
    table = shipped.site.get("/supplier/statement?form=csv", speaker).text.splitlines()
    order = shipped.world.session.exec(select(SupplierOrder).where(SupplierOrder.number == "R1-S1")).one()
    due = order.amount - order.commission
    assert table[1].startswith("R1-S1,2026-03-02")
    assert table[1].endswith(f"{order.commission},{due},136.00")
    assert due == Decimal("136.00") - order.commission
    assert "R1-S1" not in shipped.site.get("/supplier/statement?year=2025", speaker).text


def test_invoices_are_sent_and_decided_on_the_pages(shipped: Desk) -> None:
    speaker, manager = shipped.speakers["S1"], shipped.world.a_manager()
    form = {"invoice": "FA-9", "issued_on": "2026-03-12", "total_amount": "163,20"}
    files = {"file": ("FA-9.pdf", PDF, "application/pdf")}
    sent = shipped.site.post("/supplier/orders/R1-S1/invoices", speaker, data=form, files=files)
    assert sent.status_code == 303, sent.text
    page = shipped.site.get("/supplier/orders/R1-S1", speaker).text
    assert "FA-9" in page
    assert "waits for the goods" in page
    wrong = shipped.site.post(
        "/supplier/orders/R1-S1/invoices", speaker, data=form | {"invoice": "FA-10", "total_amount": "1"}
    )
    assert wrong.status_code in (409, 422)
    invoice_id = shipped.world.session.exec(select(SupplierInvoice.id)).one()
    assert shipped.site.get(f"/supplier/orders/R1-S1/invoices/{invoice_id}/file", speaker).content == PDF
    silent = shipped.site.post(f"/supplier-invoices/{invoice_id}/decision", manager, data={"accept": "false"})
    assert silent.status_code == 422
    assert "its supplier reads it" in silent.text
    done = shipped.site.post(
        f"/supplier-invoices/{invoice_id}/decision", manager, data={"accept": "false", "reason": "Wrong firm"}
    )
    assert done.status_code == 303
    assert "Wrong firm" in shipped.site.get("/supplier/orders/R1-S1", speaker).text
