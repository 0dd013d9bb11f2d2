"""The contract of the JSON API: documents itself, pages, problems, keys, versions, and who may do what."""

import re
from datetime import datetime

import jsonschema_rs
import pytest
from sqlalchemy import text
from sqlmodel import Session

from app.accounts.actor import Actor
from app.accounts.permissions import PERMISSIONS, Permission, Role
from tests.factories import CUT_OFF, World
from tests.site import Site


@pytest.fixture
def manager(world: World) -> Actor:
    return world.a_manager()


def test_the_api_describes_itself_in_openapi_3_1(site: Site, world: World) -> None:
    document = site.get("/api/v1/openapi.json").json()
    assert document["openapi"].startswith("3.1")
    names = [operation["operationId"] for path in document["paths"].values() for operation in path.values()]
    assert len(names) == len(set(names)) > 50
    assert all(re.fullmatch(r"[a-z]+(_[a-z]+)+", name) for name in names)
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            assert operation.get("summary"), f"{method} {path}"
            assert operation.get("description"), f"{method} {path}"
            assert "4XX" in operation["responses"] or "422" in operation["responses"], f"{method} {path}"
    for name, schema in document["components"]["schemas"].items():
        if name.endswith("In"):
            shown = any("examples" in field for field in schema["properties"].values())
            assert shown or not schema.get("required"), f"{name} shows no example"


def test_errors_are_described_as_they_are_sent(site: Site, world: World) -> None:
    paths = site.get("/api/v1/openapi.json").json()["paths"]
    described = 0
    for path, operations in paths.items():
        for operation in operations.values():
            for status, response in operation["responses"].items():
                if status >= "400" and path != "/api/v1/supplier/token":
                    assert list(response["content"]) == ["application/problem+json"], f"{path} {status}"
                    described += 1
    assert described > 400
    unread = site.post(
        "/api/v1/parks", world.a_manager(), content=b"\xff", headers={"Content-Type": "application/json"}
    )
    assert (unread.status_code, unread.headers["content-type"]) == (400, "application/problem+json")


def test_every_body_every_answer_and_every_error_has_an_example_that_fits(site: Site, world: World) -> None:
    document = site.get("/api/v1/openapi.json").json()
    shown = 0
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            contents = list(operation.get("requestBody", {}).get("content", {}).items())
            for response in operation["responses"].values():
                contents += response.get("content", {}).items()
            for kind, content in contents:
                if not content.get("schema"):
                    continue
                schema = content["schema"] | {"components": document["components"]}
                faults = [
                    fault.message for fault in jsonschema_rs.validator_for(schema).iter_errors(content["example"])
                ]
                assert faults == [], f"{method} {path} {kind}"
                shown += 1
    assert shown > 1000


def test_a_method_that_is_none_is_answered_with_those_that_are(site: Site, world: World) -> None:
    answer = site.ask("DELETE", "/api/v1/offers/1")
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, PATCH")
    assert site.get("/api/v1/imports/offers", world.a_manager()).status_code == 405


def test_the_reference_page_holds_every_operation(site: Site, world: World) -> None:
    document = site.get("/api/v1/openapi.json").json()
    page = site.get("/api-docs").text
    for path, operations in document["paths"].items():
        assert f"<code>{path}</code>" in page
        for operation in operations.values():
            assert f'id="{operation["operationId"]}"' in page


def test_errors_are_problem_details(site: Site, manager: Actor) -> None:
    answer = site.get("/api/v1/rounds/nope", manager)
    assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json")
    assert answer.json() == {
        "type": "about:blank",
        "title": "Not Found",
        "status": 404,
        "detail": "There is no round nope.",
        "code": "not_found",
        "errors": [{"field": "round", "message": "There is no round nope."}],
    }
    french = site.get("/api/v1/rounds/nope", headers={"Accept-Language": "fr", "Authorization": "Bearer x"})
    assert french.json()["detail"] == "Cette clé d'API est inconnue ou a été révoquée."


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "code"),
        ({"code": "a b", "name": "x", "opens_at": "2026-03-01T00:00:00Z", "closes_at": "2026-03-02T00:00:00Z"}, "code"),
        (
            {"code": "x", "name": "x", "opens_at": "2026-03-01T00:00:00", "closes_at": "2026-03-02T00:00:00Z"},
            "opens_at",
        ),
    ],
)
def test_a_request_that_cannot_be_read_names_its_fields(
    site: Site, manager: Actor, body: dict[str, str], field: str
) -> None:
    answer = site.post("/api/v1/rounds", manager, json=body)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_request")
    assert field in [error["field"] for error in answer.json()["errors"]]


def test_instants_are_utc_and_amounts_decimal_text(site: Site, world: World, manager: Actor) -> None:
    world.an_order(world.an_open_round("R"), (world.an_offer(), 2))
    found = site.get("/api/v1/rounds/R", manager).json()
    assert datetime.fromisoformat(found["closes_at"]) == CUT_OFF
    assert found["closes_at"].endswith("Z")
    order = site.get("/api/v1/rounds/R/orders", manager).json()["items"][0]
    assert order["amount"] == "20.00"


def test_pages_hold_everything_once_and_a_foreign_cursor_is_refused(site: Site, world: World, manager: Actor) -> None:
    for n in range(7):
        world.an_open_round(f"R{n}")
    seen: list[str] = []
    cursor = ""
    while cursor is not None:
        page = site.get("/api/v1/rounds", manager, params={"limit": 3, "cursor": cursor}).json()
        seen += [item["code"] for item in page["items"]]
        cursor = page["next_cursor"]
    assert sorted(seen) == [f"R{n}" for n in range(7)]
    for wrong in ("nonsense", "W10", "WyJ4Iiwie30iXQ"):
        answer = site.get("/api/v1/rounds", manager, params={"cursor": wrong})
        assert (answer.status_code, answer.json()["errors"][0]["field"]) == (404, "cursor")


def test_a_repeated_key_gives_the_first_answer_and_does_nothing_more(
    site: Site, session: Session, manager: Actor
) -> None:
    from app.accounts.sign_in import create_api_key

    secret = create_api_key(session, manager, "ERP", ["read", "write"]).secret
    headers = {"Authorization": f"Bearer {secret}", "Idempotency-Key": "k1"}
    first = site.post("/api/v1/parks", headers=headers, json={"code": "sud", "name": "Sud"})
    again = site.post("/api/v1/parks", headers=headers, json={"code": "sud", "name": "Sud"})
    assert (first.status_code, again.status_code, again.json()) == (201, 201, first.json())
    assert again.headers["idempotency-replayed"] == "true"
    other = site.post("/api/v1/parks", headers=headers, json={"code": "est", "name": "Est"})
    assert (other.status_code, other.json()["code"]) == (409, "idempotency_key_reused")
    refused = site.post("/api/v1/parks", headers=headers | {"Idempotency-Key": "k2"}, json={"code": "sud", "name": "S"})
    assert (refused.status_code, refused.json()["code"]) == (409, "duplicate_park")


def test_who_edits_an_old_version_is_told(site: Site, world: World, manager: Actor) -> None:
    world.an_open_round("R")
    tag = site.get("/api/v1/rounds/R", manager).headers["etag"]
    assert site.post("/api/v1/rounds/R/close", manager, headers={"If-Match": tag}).status_code == 200
    stale = site.post("/api/v1/rounds/R/consolidate", manager, headers={"If-Match": tag})
    assert (stale.status_code, stale.json()["code"]) == (412, "stale_version")
    assert site.post("/api/v1/rounds/R/consolidate", manager, headers={"If-Match": "x"}).status_code == 422


def test_the_whole_main_loop_by_api(site: Site, world: World, session: Session, manager: Actor) -> None:
    company = world.a_company()
    buyer, approver = world.a_buyer(company, order_limit="10"), world.an_actor(Role.APPROVER, company=company)
    offer = world.an_offer(pack=6, tiers=((1, "5.00"), (6, "4.00")))
    treasurer = world.an_actor(Role.TREASURER)
    rule = site.post("/api/v1/commission-rules", treasurer, json={"percent": "3.50"})
    assert rule.status_code == 201
    planned = site.post(
        "/api/v1/rounds",
        manager,
        json={
            "code": "2026-10", "name": "Semaine 10", "opens_at": "2026-03-01T00:00:00Z",
            "closes_at": "2026-03-05T11:00:00Z",
            "deliveries": [{"park_id": world.park.id, "delivery_on": "2026-03-10"}],
        },
    )  # fmt: skip
    assert (planned.status_code, planned.headers["location"]) == (201, "/api/v1/rounds/2026-10")
    assert site.post("/api/v1/rounds/2026-10/open", manager).json()["status"] == "open"
    cart = site.put(f"/api/v1/rounds/2026-10/cart/lines/{offer.id}", buyer, json={"quantity": 5, "tolerance": 1})
    order_id = cart.json()["id"]
    placed = site.post(f"/api/v1/orders/{order_id}/submit", buyer, json={"company_reference": "BC-1"})
    assert placed.json()["status"] == "awaiting_approval"
    assert [item["id"] for item in site.get("/api/v1/approvals", approver).json()["items"]] == [order_id]
    decided = site.post(f"/api/v1/orders/{order_id}/decision", approver, json={"approve": True})
    assert decided.json()["status"] == "approved"
    for step, status in (
        ("close", "closed"),
        ("consolidate", "consolidated"),
        ("approve", "approved"),
        ("send", "sent"),
    ):
        assert site.post(f"/api/v1/rounds/2026-10/{step}", manager).json()["status"] == status
    (order,) = site.get("/api/v1/rounds/2026-10/supplier-orders", manager).json()["items"]
    assert (order["amount"], order["saved"], order["commission"]) == ("24.00", "6.00", "0.84")
    detail = site.get(f"/api/v1/supplier-orders/{order['number']}", manager).json()
    assert [(drop["park"], drop["unit_count"]) for drop in detail["drops"]] == [("Parc Nord", 6)]
    (line,) = site.get(f"/api/v1/orders/{order_id}", buyer).json()["lines"]
    assert (line["allocated"], line["unit_price"], line["amount"]) == (6, "4.0000", "24.00")
    balance = site.get("/api/v1/ledger/trial-balance", treasurer).json()
    assert {row["account"]: row["debit"] for row in balance} == {"401": "0.84", "7082": "0.00"}


# What each permission opens: a route that asks for nothing but that permission.
GUARDED = [
    (Permission.MANAGE_PEOPLE, "POST", "/api/v1/parks", {"code": "z", "name": "Z"}),
    (Permission.MANAGE_PEOPLE, "GET", "/api/v1/companies", None),
    (Permission.MANAGE_PEOPLE, "POST", "/api/v1/companies", {"code": "z", "name": "Z", "park_id": 1}),
    (Permission.VIEW_AUDIT, "GET", "/api/v1/audit-entries", None),
    (Permission.VIEW_PRICES, "GET", "/api/v1/products", None),
    (Permission.VIEW_PRICES, "GET", "/api/v1/product-facets", None),
    (Permission.VIEW_PRICES, "GET", "/api/v1/suppliers", None),
    (Permission.MANAGE_CATALOG, "GET", "/imports", None),
    (Permission.VIEW_COMMISSION, "GET", "/api/v1/commission-rules", None),
    (Permission.VIEW_COMMISSION, "GET", "/api/v1/ledger/postings", None),
    (Permission.VIEW_COMMISSION, "GET", "/api/v1/ledger/trial-balance", None),
    (Permission.VIEW_COMMISSION, "GET", "/commission", None),
    (Permission.MANAGE_COMMISSION, "POST", "/api/v1/commission-rules", {"percent": "1.00"}),
    (Permission.MANAGE_ROUNDS, "GET", "/api/v1/rounds/R", None),
    (Permission.MANAGE_ROUNDS, "GET", "/api/v1/rounds/R/orders", None),
    (Permission.MANAGE_ROUNDS, "GET", "/api/v1/rounds/R/allocations", None),
    (Permission.MANAGE_ROUNDS, "POST", "/api/v1/rounds/R/close", None),
    (Permission.MANAGE_ROUNDS, "GET", "/rounds/R/orders", None),
    (Permission.APPROVE_ROUNDS, "POST", "/api/v1/rounds/R/approve", None),
    (Permission.APPROVE_ROUNDS, "GET", "/rounds/R/consolidation", None),
    (Permission.APPROVE_COMPANY_ORDERS, "GET", "/api/v1/approvals", None),
    (Permission.APPROVE_COMPANY_ORDERS, "GET", "/approvals", None),
    (Permission.MANAGE_COMPANY, "PUT", "/api/v1/budgets", {"month": "2026-03-01", "amount": "5.00"}),
    (Permission.MANAGE_COMPANY, "POST", "/api/v1/cost-centres", {"code": "A", "name": "A"}),
    (Permission.MANAGE_COMPANY, "POST", "/api/v1/approval-rules", {"step": 1}),
]


@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize(("permission", "method", "path", "body"), GUARDED)
def test_each_route_opens_to_the_roles_of_its_permission_and_no_other(
    site: Site, world: World, role: Role, permission: Permission, method: str, path: str, body: dict[str, object] | None
) -> None:
    from app.accounts.permissions import COMPANY_ROLES

    world.an_open_round("R")
    actor = world.an_actor(role, company=world.a_company() if role in COMPANY_ROLES else None)
    answer = site.ask(method, path, actor, json=body)
    if permission in PERMISSIONS[role]:
        assert answer.status_code not in {401, 403}
    else:
        assert answer.status_code == 403


def _paths(site: Site) -> list[tuple[str, str]]:
    """Every method and path that the application answers."""
    routes = []
    for included in site.app.routes:
        for route in getattr(getattr(included, "original_router", None), "routes", [included]):
            for method in sorted(getattr(route, "methods", None) or ()):
                if method not in {"HEAD", "OPTIONS"}:
                    routes.append((method, str(getattr(route, "path", ""))))
    return routes


OPEN_TO_ALL = {
    *("/", "/sign-in", "/sign-in/mail", "/sign-in/link", "/sign-out", "/health"),
    *("/api/v1/openapi.json", "/api/v1/categories", "/approvals/by-mail", "/api-docs", "/join", "/join/look-up"),
    *("/impact", "/charter", "/api/v1/charter", "/api/v1/supplier/token"),  # the token for a key, as RFC 6749 has it
    "/webhooks/stripe",  # signed by Stripe, tested in billing
    "/compare",  # its POST keeps numbers in the browser; its GET asks for a sign-in in test_comparing
}


def test_strangers_get_nothing_but_the_way_in(site: Site, world: World) -> None:
    world.an_order(world.an_open_round("R"), (world.an_offer(), 1))
    tried = 0
    for method, path in _paths(site):
        if path in OPEN_TO_ALL or path.startswith(
            ("/static", "/supplier/by-mail/", "/supplier/receipt/", "/einvoicing/{token}")
        ):
            continue
        concrete = re.sub(r"\{code\}", "R", re.sub(r"\{(?!code)[\w:]+\}", "1", path))
        answer = site.ask(method, concrete)
        if path.startswith("/api/"):
            assert answer.status_code == 401, f"{method} {path}: {answer.status_code}"
        else:
            assert answer.status_code == 303, f"{method} {path}: {answer.status_code}"
            assert answer.headers["location"].startswith("/sign-in")
        tried += 1
    assert tried > 70


def test_a_buyer_sees_nothing_of_another_firm(site: Site, world: World, session: Session) -> None:
    order = world.an_order(world.an_open_round("R"), (world.an_offer(), 1))
    stranger = world.an_actor(Role.EMPLOYEE, Role.APPROVER, company=world.a_company())
    for method, path, body in (
        ("GET", f"/api/v1/orders/{order.id}", None),
        ("GET", f"/api/v1/orders/{order.id}/lines", None),
        ("POST", f"/api/v1/orders/{order.id}/submit", {}),
        ("POST", f"/api/v1/orders/{order.id}/withdraw", None),
        ("POST", f"/api/v1/orders/{order.id}/decision", {"approve": True}),
        ("GET", f"/orders/{order.id}", None),
        ("POST", f"/orders/{order.id}/withdraw", None),
    ):
        assert site.ask(method, path, stranger, json=body).status_code == 404, path
    assert session.execute(text("SELECT status FROM member_orders")).scalar_one() == "approved"


def test_a_body_above_the_limit_is_refused_with_the_other_way(site: Site, manager: Actor) -> None:
    answer = site.post(
        "/api/v1/imports/offers", manager, headers={"Content-Length": str(200_000_000), "Content-Type": "text/csv"}
    )
    assert answer.status_code == 413
    assert "engrenages import" in answer.json()["detail"]


@pytest.mark.parametrize(
    "path", ["/api/v1/products/99999999999", "/api/v1/offers/0", "/products/abc", "/orders/99999999999"]
)
def test_numbers_out_of_range_are_answered_and_break_nothing(site: Site, manager: Actor, path: str) -> None:
    assert site.get(path, manager).status_code in {404, 422}


def test_text_that_cannot_be_stored_is_refused(site: Site, manager: Actor) -> None:
    answer = site.post("/api/v1/parks", manager, json={"code": "a\x00b", "name": "x"})
    assert answer.status_code == 422
