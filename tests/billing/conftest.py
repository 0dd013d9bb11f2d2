"""What tests of billing share: the market, and Stripe as a peer that keeps state."""

import threading
from collections.abc import Iterator

import pytest
from mockeinvoice.buyer import Buyer
from mockeinvoice.server import serve
from pydantic import SecretStr

from app.accounts.actor import Actor
from app.accounts.permissions import Role
from app.core.settings import get_settings
from app.demo import card_peer
from tests.billing.market import Market
from tests.factories import World


@pytest.fixture
def market(world: World) -> Market:
    return Market.of(world)


@pytest.fixture
def approver(market: Market) -> Actor:
    """The approver of the market's first firm."""
    return market.world.an_actor(Role.APPROVER, company=market.firms[0])


@pytest.fixture(scope="session")
def peer_address() -> Iterator[str]:
    """One peer for the tests of a process."""
    with card_peer.running() as address:
        yield address


@pytest.fixture
def peer(peer_address: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """The peer, with our settings for it."""
    for name, value in card_peer.settings_for(peer_address).items():
        monkeypatch.setattr(get_settings(), name, value)
    return peer_address


@pytest.fixture
def partner(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A partner that others wrote (`mock-einvoice`): a buyer that takes our invoices, a supplier that sends its own."""
    server = serve(Buyer(answers="never"), port=0, quiet=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    address = f"http://127.0.0.1:{server.server_address[1]}"
    monkeypatch.setattr(get_settings(), "einvoicing_url", address)
    monkeypatch.setattr(get_settings(), "einvoicing_token", SecretStr("secret-word"))
    yield address
    server.shutdown()
    server.server_close()
