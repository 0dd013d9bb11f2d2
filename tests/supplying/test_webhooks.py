"""Webhooks: signed, tried for three days, never lost, never applied twice, never into a private network."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from sqlalchemy import text
from sqlmodel import Session, select
from standardwebhooks import Webhook, WebhookVerificationError

from app.core import clock
from app.core.settings import get_settings
from app.orders.fulfilment.acknowledgement import acknowledge_order
from app.supplying import tasks, webhook_requests, webhooks
from app.supplying.models.webhooks import DeliveryStatus, WebhookAttempt, WebhookDelivery, WebhookEndpoint
from app.supplying.webhook_requests import is_public
from app.supplying.webhook_signature import signature_of
from tests.supplying.desk import Desk


@dataclass
class Receiver:
    """A supplier's system: `answers` are its next status codes (then 204), `slow` seconds before it answers.

    It applies a message once, by its id, and only what the package `standardwebhooks` finds rightly signed.
    """

    url: str = ""
    secret: str = ""
    answers: list[int] = field(default_factory=list)
    slow: float = 0
    seen: list[str] = field(default_factory=list)
    bodies: list[dict[str, Any]] = field(default_factory=list)
    applied: dict[str, dict[str, Any]] = field(default_factory=dict)
    forged: int = 0
    in_time: bool = True  # the package refuses what is older than five minutes

    def take(self, headers: dict[str, str], body: bytes) -> int:
        self.seen.append(headers["webhook-id"])
        self.bodies.append(json.loads(body))
        if self.answers:
            status = self.answers.pop(0)
            if not 200 <= status < 300:
                return status
        try:
            self.applied[headers["webhook-id"]] = self._verified(headers, body)
        except WebhookVerificationError:
            self.forged += 1
            return 400
        return 204

    def _verified(self, headers: dict[str, str], body: bytes) -> dict[str, Any]:
        if self.in_time:
            return Webhook(self.secret).verify(body, headers)
        sent_at = datetime.fromtimestamp(int(headers["webhook-timestamp"]), UTC)
        if Webhook(self.secret).sign(headers["webhook-id"], sent_at, body.decode()) != headers["webhook-signature"]:
            raise WebhookVerificationError
        return dict(json.loads(body))


@pytest.fixture
def receiver(monkeypatch: pytest.MonkeyPatch) -> Iterator[Receiver]:
    """A receiver that listens, and settings that let us reach it."""
    monkeypatch.setattr(get_settings(), "webhooks_to_private_addresses", True)
    kept = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            time.sleep(kept.slow)
            status = kept.take({name.lower(): value for name, value in self.headers.items()}, body)
            self.send_response(status)
            if 300 <= status < 400:
                self.send_header("location", "http://127.0.0.1:1/elsewhere")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    kept.url = f"http://127.0.0.1:{server.server_port}/hook"
    yield kept
    server.shutdown()
    server.server_close()


@pytest.fixture
def endpoint(desk: Desk, receiver: Receiver, session: Session, monkeypatch: pytest.MonkeyPatch) -> WebhookEndpoint:
    """The receiver's address, named by S1; jobs run in the test's own transaction."""
    monkeypatch.setattr(webhooks, "transaction", lambda: nullcontext(session))
    monkeypatch.setattr(tasks, "transaction", lambda: nullcontext(session))
    added = webhooks.add_endpoint(session, desk.speakers["S1"], receiver.url)
    receiver.secret = added.secret
    return added


def run_jobs(session: Session) -> None:
    """What the worker does with the words left for suppliers."""
    rows = session.execute(
        text("DELETE FROM procrastinate_jobs WHERE task_name = 'supplying.note_event' RETURNING args")
    )
    for (arguments,) in rows.all():
        tasks.note_event(**arguments)


def deliveries(session: Session) -> list[WebhookDelivery]:
    session.flush()
    return list(session.exec(select(WebhookDelivery).order_by(WebhookDelivery.id)))


def at(instant: datetime) -> Any:
    return clock.frozen(instant)


def answer_the_order(desk: Desk, session: Session) -> None:
    session.execute(text("DELETE FROM procrastinate_jobs"))
    acknowledge_order(session, desk.speakers["S1"], "R1-S1")
    run_jobs(session)


def test_what_happens_is_told_signed_as_the_standard_has_it(
    desk: Desk, receiver: Receiver, endpoint: WebhookEndpoint, session: Session
) -> None:
    with at(datetime.now(UTC)):
        answer_the_order(desk, session)
        assert webhooks.send_due(endpoint.id or 0)
    [told] = receiver.applied.values()
    assert told["type"] == "order.answered"
    assert told["data"]["order"] == "R1-S1"
    assert told["data"]["status"] == "acknowledged"
    assert receiver.forged == 0
    assert [one.status for one in deliveries(session)] == [DeliveryStatus.DELIVERED]


def test_our_signature_is_the_packages_own() -> None:
    secret, instant = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", datetime(2021, 2, 25, tzinfo=UTC)
    body = '{"test": 2432232314}'
    ours = signature_of(secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", int(instant.timestamp()), body)
    assert ours == Webhook(secret).sign("msg_p5jXN8AQM9LWM0D4loKWxJek", instant, body)


def test_a_receiver_down_for_two_days_loses_nothing(
    desk: Desk, receiver: Receiver, endpoint: WebhookEndpoint, session: Session
) -> None:
    start = datetime.now(UTC) - timedelta(days=4)
    receiver.in_time = False
    receiver.answers = [503] * 1000
    with at(start):
        answer_the_order(desk, session)
        webhooks.send_test(session, desk.speakers["S1"], endpoint.id or 0)
    for tick in range(4 * 24 * 6):
        if tick == 2 * 24 * 6:
            assert receiver.applied == {}
            receiver.answers = []
        with at(start + timedelta(minutes=10) * tick):
            for due in webhooks.endpoints_with_something_due(session):
                webhooks.send_due(due)
    assert sorted(told["type"] for told in receiver.applied.values()) == ["order.answered", "test"]
    assert {one.status for one in deliveries(session)} == {DeliveryStatus.DELIVERED}
    assert len(set(receiver.seen)) == 2 < len(receiver.seen)


def test_after_three_days_it_is_given_up_shown_and_sent_again_on_demand(
    desk: Desk, receiver: Receiver, endpoint: WebhookEndpoint, session: Session
) -> None:
    now = datetime.now(UTC)
    start = now - timedelta(days=4)
    receiver.answers = [500] * 1000
    with at(start):
        answer_the_order(desk, session)
    moments = []
    for hours in range(0, 24 * 4 * 12):
        with at(start + timedelta(minutes=5) * hours):
            before = len(receiver.seen)
            for due in webhooks.endpoints_with_something_due(session):
                webhooks.send_due(due)
            if len(receiver.seen) > before:
                moments.append(timedelta(minutes=5) * hours)
    [given_up] = deliveries(session)
    assert given_up.status is DeliveryStatus.FAILED
    assert len(moments) == len(webhooks.WAITS) + 1 == given_up.attempt_count
    assert moments[-1] >= timedelta(days=3)
    log = desk.site.get(f"/supplier/webhooks/{endpoint.id}", desk.speakers["S1"]).text
    assert "given up" in log
    receiver.answers = []
    with at(now):
        answer = desk.ask("POST", f"/api/v1/supplier/webhooks/{endpoint.id}/replay", desk.key())
        assert (answer.status_code, answer.json()) == (202, {"count": 1})
        webhooks.send_due(endpoint.id or 0)
    assert len(receiver.applied) == 1
    assert len(set(receiver.seen)) == 1


def test_an_answer_that_got_lost_makes_a_second_try_and_one_application(
    desk: Desk, receiver: Receiver, endpoint: WebhookEndpoint, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = datetime.now(UTC)
    with at(now):
        answer_the_order(desk, session)
        real = webhooks.post

        def lossy(*given: Any, **named: Any) -> webhook_requests.Outcome:
            real(*given, **named)
            return webhook_requests.Outcome(None, "connection reset", 3)

        monkeypatch.setattr(webhooks, "post", lossy)
        webhooks.send_due(endpoint.id or 0)
        monkeypatch.setattr(webhooks, "post", real)
    with at(now + timedelta(seconds=30)):
        webhooks.send_due(endpoint.id or 0)
    assert len(receiver.seen) == 2
    assert len(receiver.applied) == 1


def test_a_slow_receiver_is_left_and_asked_again(
    desk: Desk, receiver: Receiver, endpoint: WebhookEndpoint, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webhook_requests, "TIMEOUT_SECONDS", 0.2)
    receiver.slow = 0.6
    now = datetime.now(UTC)
    with at(now):
        answer_the_order(desk, session)
        started = time.monotonic()
        webhooks.send_due(endpoint.id or 0)
    assert time.monotonic() - started < 0.55
    [attempt] = session.exec(select(WebhookAttempt)).all()
    assert (attempt.status_code, attempt.error) == (None, "no answer within 0 s")
    receiver.slow = 0
    with at(now + timedelta(minutes=1)):
        webhooks.send_due(endpoint.id or 0)
    assert [one.status for one in deliveries(session)] == [DeliveryStatus.DELIVERED]


@pytest.mark.parametrize("status", [302, 400, 404, 429, 500])
def test_a_wrong_answer_is_no_delivery(
    desk: Desk, receiver: Receiver, endpoint: WebhookEndpoint, session: Session, status: int
) -> None:
    now = datetime.now(UTC)
    receiver.answers = [status]
    with at(now):
        answer_the_order(desk, session)
        webhooks.send_due(endpoint.id or 0)
    [waiting] = deliveries(session)
    assert (waiting.status, waiting.attempt_count) == (DeliveryStatus.PENDING, 1)
    assert len(receiver.seen) == 1  # nobody followed the redirection


def test_an_address_that_is_gone_is_told_no_more(
    desk: Desk, receiver: Receiver, endpoint: WebhookEndpoint, session: Session
) -> None:
    receiver.answers = [410]
    with at(datetime.now(UTC)):
        answer_the_order(desk, session)
        webhooks.send_due(endpoint.id or 0)
        assert (endpoint.active, endpoint.disabled_because) == (False, "410 Gone")
        assert not webhooks.send_due(endpoint.id or 0)
        webhooks.set_endpoint_active(session, desk.speakers["S1"], endpoint.id or 0, True)
    with at(datetime.now(UTC) + timedelta(minutes=1)):
        webhooks.send_due(endpoint.id or 0)
    assert len(receiver.applied) == 1


def test_a_repeated_job_tells_nothing_twice(
    desk: Desk, receiver: Receiver, endpoint: WebhookEndpoint, session: Session
) -> None:
    session.execute(text("DELETE FROM procrastinate_jobs"))
    acknowledge_order(session, desk.speakers["S1"], "R1-S1")
    arguments = session.scalar(text("SELECT args FROM procrastinate_jobs WHERE task_name = 'supplying.note_event'"))
    tasks.note_event(**arguments)
    tasks.note_event(**arguments)
    assert len(deliveries(session)) == 1
    assert receiver.seen == []


def test_while_somebody_sends_nobody_else_does_until_they_are_late(
    desk: Desk, receiver: Receiver, endpoint: WebhookEndpoint, session: Session
) -> None:
    now = datetime.now(UTC)
    with at(now):
        answer_the_order(desk, session)
        endpoint.busy_until = now + timedelta(seconds=30)
        session.flush()
        assert not webhooks.send_due(endpoint.id or 0)
        assert webhooks.endpoints_with_something_due(session) == []
    with at(now + timedelta(seconds=31)):
        assert webhooks.endpoints_with_something_due(session) == [endpoint.id]
        assert webhooks.send_due(endpoint.id or 0)
    assert len(receiver.applied) == 1


def test_for_a_day_both_secrets_verify(
    desk: Desk, receiver: Receiver, endpoint: WebhookEndpoint, session: Session
) -> None:
    old, now = endpoint.secret, datetime.now(UTC)
    with at(now):
        new = webhooks.rotate_secret(session, desk.speakers["S1"], endpoint.id or 0).secret
        assert new != old
        for secret in (old, new):
            receiver.secret = secret
            webhooks.send_test(session, desk.speakers["S1"], endpoint.id or 0)
            webhooks.send_due(endpoint.id or 0)
    assert (len(receiver.applied), receiver.forged) == (2, 0)
    endpoint.old_secret_until = now - timedelta(seconds=1)
    receiver.secret = old
    with at(now):
        webhooks.send_test(session, desk.speakers["S1"], endpoint.id or 0)
        webhooks.send_due(endpoint.id or 0)
    assert receiver.forged == 1


def test_only_what_was_asked_for_is_told(desk: Desk, receiver: Receiver, session: Session) -> None:
    answer = desk.ask(
        "POST", "/api/v1/supplier/webhooks", desk.key(), json={"url": receiver.url, "event_types": ["order.received"]}
    )
    assert answer.status_code == 201
    assert answer.json()["secret"].startswith("whsec_")
    session.execute(text("DELETE FROM procrastinate_jobs"))
    acknowledge_order(session, desk.speakers["S1"], "R1-S1")
    arguments = session.scalar(text("SELECT args FROM procrastinate_jobs WHERE task_name = 'supplying.note_event'"))
    assert arguments["event"] == "order.answered"
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(tasks, "transaction", lambda: nullcontext(session))
        tasks.note_event(**arguments)
    assert deliveries(session) == []


@pytest.mark.parametrize(
    "url",
    [
        "http://erp.example/hook",  # not https
        "https://127.0.0.1/hook",
        "https://10.1.2.3/",
        "https://[::1]/",
        "https://[::ffff:169.254.169.254]/",
        "https://[64:ff9b::7f00:1]/",
        "https://[2002:7f00:1::]/",
        "https://localhost/",
        "https://database/",
        "https://printer.local/",
        "https://u:p@erp.example/",
        "ftp://erp.example/",
        "https://",
        "https://erp.example:port/",
    ],
)
def test_an_address_inside_or_unfit_is_refused(desk: Desk, url: str) -> None:
    answer = desk.ask("POST", "/api/v1/supplier/webhooks", desk.key(), json={"url": url})
    assert answer.status_code == 422
    assert [error["field"] for error in answer.json()["errors"]] == ["url"]


@pytest.mark.parametrize(
    ("address", "public"),
    [("8.8.8.8", True), ("2001:4860:4860::8888", True), ("192.168.0.1", False), ("100.64.0.1", False),
     ("169.254.169.254", False), ("0.0.0.0", False), ("224.0.0.1", False), ("fe80::1", False)],
)  # fmt: skip
def test_public_addresses_are_told_from_others(address: str, public: bool) -> None:
    assert is_public(address) is public


def test_a_name_that_leads_inside_is_not_followed(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    """A public-looking name that resolves to a private address: checked where it is connected to."""
    port = receiver.url.rsplit(":", 1)[1].split("/")[0]
    found = [(2, 1, 6, "", ("127.0.0.1", int(port)))]
    monkeypatch.setattr(webhook_requests.socket, "getaddrinfo", lambda *_given, **_named: found)
    outcome = webhook_requests.post(f"http://erp.example:{port}/hook", {}, b"{}")
    assert (outcome.status_code, outcome.delivered) == (None, False)
    assert "private network" in outcome.error
    assert receiver.seen == []


def test_another_suppliers_key_finds_no_webhook(desk: Desk, endpoint: WebhookEndpoint, session: Session) -> None:
    webhooks.send_test(session, desk.speakers["S1"], endpoint.id or 0)
    [delivery] = deliveries(session)
    stranger, here = desk.key("S2"), f"/api/v1/supplier/webhooks/{endpoint.id}"
    for method, path, body in (
        ("PATCH", here, {"active": False}),
        ("DELETE", here, None),
        ("POST", f"{here}/secret", None),
        ("POST", f"{here}/test", None),
        ("POST", f"{here}/replay", None),
        ("GET", f"{here}/deliveries", None),
        ("POST", f"/api/v1/supplier/webhook-deliveries/{delivery.id}/replay", None),
    ):
        assert desk.ask(method, path, stranger, json=body).status_code == 404, path
    assert desk.ask("GET", "/api/v1/supplier/webhooks", stranger).json() == []
    assert desk.ask("DELETE", here, desk.key()).status_code == 204
    assert deliveries(session) == []


def test_webhooks_are_kept_on_the_pages(
    desk: Desk, receiver: Receiver, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webhooks, "transaction", lambda: nullcontext(session))
    speaker = desk.speakers["S1"]
    wrong = desk.site.post("/supplier/webhooks", speaker, data={"url": "nonsense"})
    assert wrong.status_code == 422
    assert "nonsense" in wrong.text
    added = desk.site.post("/supplier/webhooks", speaker, data={"url": receiver.url, "event_type": "test"})
    assert added.status_code == 303
    [endpoint] = session.exec(select(WebhookEndpoint)).all()
    receiver.secret = endpoint.secret
    do: Callable[[str], Any] = lambda what: desk.site.post(  # noqa: E731
        f"/supplier/webhooks/{endpoint.id}", speaker, data={"do": what}
    )
    assert do("test").headers["location"] == f"/supplier/webhooks/{endpoint.id}"
    with at(datetime.now(UTC)):
        webhooks.send_due(endpoint.id or 0)
    assert len(receiver.applied) == 1
    log = desk.site.get(f"/supplier/webhooks/{endpoint.id}", speaker)
    assert "204" in log.text
    [delivery] = deliveries(session)
    again = desk.site.post(f"/supplier/webhook-deliveries/{delivery.id}/replay", speaker)
    assert again.status_code == 303
    for what in ("rotate", "stop", "start", "replay"):
        assert do(what).status_code == 303
    page = desk.site.get("/supplier/webhooks", speaker).text
    assert receiver.url in page
    assert do("remove").status_code == 303
    assert receiver.url not in desk.site.get("/supplier/webhooks", speaker).text


def test_the_log_keeps_ninety_days_and_what_still_waits(
    desk: Desk, receiver: Receiver, endpoint: WebhookEndpoint, session: Session
) -> None:
    answer_the_order(desk, session)
    webhooks.send_test(session, desk.speakers["S1"], endpoint.id or 0)
    for number, delivery in enumerate(deliveries(session)):
        delivery.status = DeliveryStatus.PENDING if number == 0 else DeliveryStatus.DELIVERED
    session.commit()
    assert len(deliveries(session)) == 2
    with at(clock.now() + timedelta(days=89)):
        webhooks.forget_old_messages(session)
        assert len(deliveries(session)) == 2
    with at(clock.now() + timedelta(days=91)):
        webhooks.forget_old_messages(session)
    session.expire_all()
    assert [one.status for one in deliveries(session)] == [DeliveryStatus.PENDING]
    assert session.scalar(text("SELECT count(*) FROM webhook_messages")) == 1
