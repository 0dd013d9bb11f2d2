"""The suppliers' API: tokens (RFC 6749), scopes, orders, answers, despatch advices; nothing of another supplier."""

import base64
import re
from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import Session, select

from app.accounts import sign_in
from app.accounts.models import Company
from app.accounts.service import get_association
from app.accounts.sign_in import actor_of_key, create_api_key
from app.catalog.models import Supplier
from app.core import clock
from app.core.errors import InvalidInput, NotAllowed
from app.orders.consolidation.models.supplier_orders import SupplierOrder
from app.orders.fulfilment.despatch import check_sscc
from tests.factories import a_busy_world
from tests.site import Site
from tests.supplying.desk import ORDER, Desk


def _token(desk: Desk, key: str, **form: str) -> Any:
    basic = base64.b64encode(f"{key.split('_')[1]}:{key}".encode()).decode()
    form = {"grant_type": "client_credentials"} | form
    return desk.site.post("/api/v1/supplier/token", data=form, headers={"Authorization": f"Basic {basic}"})


def test_a_key_gives_a_token_for_an_hour_within_its_scopes(desk: Desk) -> None:
    key = desk.key("S1", "orders:read", "orders:write")
    answer = _token(desk, key, scope="orders:read")
    assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store")
    issued = answer.json()
    assert (issued["token_type"], issued["expires_in"], issued["scope"]) == ("Bearer", 3600, "orders:read")
    token = issued["access_token"]
    assert desk.ask("GET", ORDER, token).status_code == 200
    refused = desk.ask("POST", f"{ORDER}/acknowledgement", token, json={})
    assert (refused.status_code, refused.json()["code"]) == (403, "read_only_key")
    assert _token(desk, key).json()["scope"] == "orders:read orders:write"


def test_a_token_ends_with_its_hour_and_with_its_key(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    token = _token(desk, desk.key()).json()["access_token"]
    later = clock.now() + timedelta(minutes=61)
    with monkeypatch.context() as at:
        at.setattr(clock, "now", lambda: later)
        assert desk.ask("GET", ORDER, token).status_code == 401
    assert desk.ask("GET", ORDER, token).status_code == 200
    made = create_api_key(desk.world.session, desk.speakers["S1"], "ERP", ["orders:read"])
    token = _token(desk, made.secret).json()["access_token"]
    sign_in.revoke_api_key(desk.world.session, desk.speakers["S1"], made.key.id or 0)
    assert desk.ask("GET", ORDER, token).status_code == 401
    assert _token(desk, made.secret).json()["error"] == "invalid_client"


@pytest.mark.parametrize(
    ("form", "status", "error"),
    [
        ({"grant_type": "password"}, 400, "unsupported_grant_type"),
        ({"scope": "catalog:write"}, 400, "invalid_scope"),
        ({"scope": "everything"}, 400, "invalid_scope"),
    ],
)
def test_a_token_asked_for_wrongly_is_refused_as_the_standard_says(
    desk: Desk, form: dict[str, str], status: int, error: str
) -> None:
    answer = _token(desk, desk.key("S1", "orders:read"), **form)
    assert (answer.status_code, answer.json()["error"]) == (status, error)


def test_unknown_credentials_are_refused_with_a_challenge(desk: Desk) -> None:
    for headers, form in (
        ({}, {"client_id": "x", "client_secret": "y"}),
        ({"Authorization": "Basic !!!"}, {}),
        ({"Authorization": "Basic " + base64.b64encode(b"x:y").decode()}, {}),
    ):
        answer = desk.site.post(
            "/api/v1/supplier/token", data={"grant_type": "client_credentials"} | form, headers=headers
        )
        assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")
        assert answer.headers["www-authenticate"] == "Basic"
    key = desk.key()
    sent = {"grant_type": "client_credentials", "client_id": key.split("_")[1], "client_secret": key}
    assert desk.site.post("/api/v1/supplier/token", data=sent).status_code == 200


def test_keys_have_the_scopes_of_their_makers_and_open_nothing_else(desk: Desk) -> None:
    with pytest.raises(InvalidInput):
        create_api_key(desk.world.session, desk.speakers["S1"], "ERP", ["read"])
    with pytest.raises(InvalidInput):
        create_api_key(desk.world.session, desk.world.a_manager(), "ERP", ["orders:read"])
    key = desk.key()
    for path in ("/api/v1/rounds", "/api/v1/products", "/api/v1/me", "/catalogue"):
        refused = desk.ask("GET", path, key)
        assert refused.status_code == 403, path
    manager = create_api_key(desk.world.session, desk.world.a_manager(), "ERP", ["read"]).secret
    assert desk.ask("GET", ORDER, manager).json()["code"] == "insufficient_scope"
    writer = desk.key("S1", "orders:write")
    assert desk.ask("GET", ORDER, writer).json()["code"] == "insufficient_scope"


def test_who_speaks_for_a_supplier_sees_no_page_of_the_members(site: Site, session: Session) -> None:
    busy = a_busy_world(session)
    own = {None, busy.speaker}
    shared = {path for path, seen_by in busy.paths() if seen_by in own}  # each sees what is theirs there
    closed = [path for path, seen_by in busy.paths() if seen_by not in own and path not in shared]
    assert len(closed) > 40
    for path in closed:
        assert site.get(path, busy.speaker).status_code in (403, 404), path


def test_a_suppliers_key_finds_nothing_of_another(desk: Desk) -> None:
    stranger, tried = desk.key("S2"), 0
    for path, operations in desk.site.get("/api/v1/openapi.json").json()["paths"].items():
        if not path.startswith("/api/v1/supplier/") or "{number}" not in path:
            continue
        for method in operations:
            concrete = path.replace("{number}", "R1-S1").replace("{form}", "ubl")
            bodies: dict[str, Any] = {
                "acknowledgement": {},
                "refusal": {"reason": "x"},
                "despatch-advices": {"number": "B", "park": "nord", "expected_on": "2026-05-01"},
                "invoices": {"number": "F", "issued_on": "2026-05-01"},
            }
            answer = desk.ask(method.upper(), concrete, stranger, json=bodies.get(path.rsplit("/", 1)[1]))
            assert answer.status_code == 404, f"{method} {path}"
            tried += 1
    assert tried >= 5
    listed = desk.ask("GET", "/api/v1/supplier/orders", stranger).json()["items"]
    assert [order["number"] for order in listed] == ["R1-S2"]


def test_an_order_says_what_goes_where_and_nobody_of_the_members(desk: Desk) -> None:
    answer = desk.ask("GET", ORDER, desk.key())
    order = answer.json()
    assert re.fullmatch(r'"v\d+"', answer.headers["etag"])
    assert {line["sku"]: line["quantity"] for line in order["lines"]} == {desk.gloves.sku: 12, desk.paper.sku: 4}
    assert [drop["units"] for drop in order["drops"]] == [{desk.gloves.sku: 12, desk.paper.sku: 4}]
    assert (order["status"], order["amount"]) == ("sent", "136.00")
    firms = desk.world.session.exec(select(Company.name)).all()
    assert len(firms) > 1
    assert not [name for name in firms if name in answer.text]


def test_only_what_changed_since_is_listed(desk: Desk) -> None:
    key = desk.key()
    first = desk.ask("GET", "/api/v1/supplier/orders", key).json()["items"][0]
    since = {"updated_since": first["updated_at"]}
    assert len(desk.ask("GET", "/api/v1/supplier/orders", key, params=since).json()["items"]) == 1
    later = {"updated_since": "2999-01-01T00:00:00Z"}
    assert desk.ask("GET", "/api/v1/supplier/orders", key, params=later).json()["items"] == []
    naive = {"updated_since": "2026-01-01T00:00:00"}
    assert desk.ask("GET", "/api/v1/supplier/orders", key, params=naive).status_code == 422


def test_an_order_is_acknowledged_despatched_and_answers_the_same_when_asked_again(desk: Desk) -> None:
    key = desk.key()
    tag = desk.ask("GET", ORDER, key).headers["etag"]
    body = {
        "supplier_reference": "AB-1",
        "lines": [{"sku": desk.paper.sku, "quantity": 3, "reason": "last ones"}],
    }
    once = {"If-Match": tag, "Idempotency-Key": "a1"}
    answer = desk.ask("POST", f"{ORDER}/acknowledgement", key, json=body, headers=once)
    assert (answer.status_code, answer.json()["status"]) == (200, "partially_acknowledged")
    assert answer.json()["supplier_reference"] == "AB-1"
    again = desk.ask("POST", f"{ORDER}/acknowledgement", key, json=body, headers=once)
    assert (again.status_code, again.headers["idempotency-replayed"]) == (200, "true")
    stale = desk.ask("POST", f"{ORDER}/refusal", key, json={"reason": "x"}, headers={"If-Match": tag})
    assert stale.status_code == 412
    advice = {"number": "BL-1", "park": desk.world.park.code, "expected_on": "2026-05-01", "carrier": "Heppner"}
    part = advice | {"lines": {desk.gloves.sku: 6}, "sscc": ["340123450000000017"]}
    shipped = desk.ask("POST", f"{ORDER}/despatch-advices", key, json=part)
    assert (shipped.status_code, shipped.json()["status"]) == (201, "shipped")
    rest = desk.ask("POST", f"{ORDER}/despatch-advices", key, json=advice | {"number": "BL-2"}).json()
    assert [sent["lines"] for sent in rest["despatch_advices"]] == [
        {desk.gloves.sku: 6},
        {desk.gloves.sku: 6, desk.paper.sku: 3},
    ]
    assert rest["despatch_advices"][0]["sscc"] == ["340123450000000017"]
    nothing = desk.ask("POST", f"{ORDER}/despatch-advices", key, json=advice | {"number": "BL-3"})
    assert (nothing.status_code, nothing.json()["code"]) == (409, "nothing_to_come")


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"park": "ailleurs"}, 404, "not_found"),
        ({"number": " "}, 422, "invalid_request"),
        ({"lines": {"unknown": 1}}, 422, "quantity_out_of_range"),
        ({"sscc": ["340123450000000018"]}, 422, "invalid"),
    ],
)
def test_a_despatch_advice_that_cannot_be_is_refused(
    desk: Desk, change: dict[str, Any], status: int, code: str
) -> None:
    advice = {"number": "BL-1", "park": desk.world.park.code, "expected_on": "2026-05-01"} | change
    answer = desk.ask("POST", f"{ORDER}/despatch-advices", desk.key(), json=advice)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    desk.world.session.expire_all()
    assert desk.ask("GET", ORDER, desk.key()).json()["status"] == "sent"


def test_a_number_of_a_despatch_advice_is_used_once(desk: Desk) -> None:
    key = desk.key()
    advice = {
        "number": "BL-1",
        "park": desk.world.park.code,
        "expected_on": "2026-05-01",
        "lines": {desk.gloves.sku: 6},
    }
    assert desk.ask("POST", f"{ORDER}/despatch-advices", key, json=advice).status_code == 201
    twice = desk.ask("POST", f"{ORDER}/despatch-advices", key, json=advice)
    assert (twice.status_code, twice.json()["code"]) == (409, "duplicate_despatch")


def test_a_refused_order_has_nothing_to_send(desk: Desk) -> None:
    key = desk.key()
    refused = desk.ask("POST", f"{ORDER}/refusal", key, json={"reason": "closed"}).json()
    assert (refused["status"], refused["amount"]) == ("refused", "0.00")
    assert {line["confirmed_quantity"] for line in refused["lines"]} == {0}
    advice = {"number": "BL-1", "park": desk.world.park.code, "expected_on": "2026-05-01"}
    answer = desk.ask("POST", f"{ORDER}/despatch-advices", key, json=advice)
    assert (answer.status_code, answer.json()["code"]) == (409, "wrong_order_status")


@pytest.mark.parametrize("form", ["ubl", "order-x", "pdf", "csv", "xlsx"])
def test_the_documents_come_by_the_api(desk: Desk, form: str) -> None:
    association = get_association(desk.world.session)
    association.siret, association.vat_number = "73282932000074", "FR44732829320"
    desk.world.session.exec(select(Supplier).where(Supplier.code == "S1")).one().siret = "73282932000074"
    answer = desk.ask("GET", f"{ORDER}/documents/{form}", desk.key())
    assert answer.status_code == 200
    assert len(answer.content) > 200


def test_an_sscc_is_checked_by_its_last_digit() -> None:
    assert check_sscc("340123450000000017") == "340123450000000017"  # GS1 check digit worked by hand below
    digits = [int(one) for one in "34012345000000001"]
    assert (10 - sum(d * (3 if n % 2 == 0 else 1) for n, d in enumerate(digits)) % 10) % 10 == 7
    for wrong in ("340123450000000018", "34012345000000017", "34012345000000001７"):
        with pytest.raises(InvalidInput):
            check_sscc(wrong)


def test_a_key_makes_no_stronger_key(desk: Desk) -> None:
    weak = actor_of_key(desk.world.session, desk.key("S1", "orders:read"))
    assert weak is not None
    with pytest.raises(NotAllowed):
        create_api_key(desk.world.session, weak, "more", ["orders:write"])


def test_what_is_on_its_way_is_kept_with_the_order(desk: Desk) -> None:
    key = desk.key()
    advice = {"number": "BL-1", "park": desk.world.park.code, "expected_on": "2026-05-01"}
    desk.ask("POST", f"{ORDER}/despatch-advices", key, json=advice)
    order = desk.world.session.exec(select(SupplierOrder).where(SupplierOrder.number == "R1-S1")).one()
    assert order.shipped_at is not None
    assert order.acknowledged_at is not None


def test_a_key_is_replaced_and_the_old_one_is_good_for_a_day(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    speaker, stranger = desk.speakers["S1"], desk.speakers["S2"]
    made = create_api_key(desk.world.session, speaker, "ERP", ["orders:read"])
    where = f"/account/keys/{made.key.id}/rotate"
    assert desk.site.post(where, stranger).status_code in (404, 422)
    page = desk.site.post(where, speaker).text
    found = re.search(r"eng_[0-9a-f]{8}_[\w-]{43}", page)
    assert found is not None
    fresh = found.group()
    assert fresh != made.secret
    for key in (made.secret, fresh):
        assert desk.ask("GET", ORDER, key).status_code == 200
    assert desk.ask("POST", f"{ORDER}/refusal", fresh, json={"reason": "x"}).status_code == 403  # the same scopes
    later = clock.now() + timedelta(hours=25)
    monkeypatch.setattr(clock, "now", lambda: later)
    assert desk.ask("GET", ORDER, made.secret).status_code == 401
    assert desk.ask("GET", ORDER, fresh).status_code == 200
    assert desk.site.post(where, speaker).status_code == 422
