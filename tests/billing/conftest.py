"""What tests of billing share: the market, and Stripe as a peer that keeps state."""

from collections.abc import Iterator

import pytest

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
