"""What the tests of the suppliers' side share."""

import pytest

from tests.factories import World
from tests.site import Site
from tests.supplying.desk import Desk


@pytest.fixture
def desk(site: Site, world: World) -> Desk:
    """Two suppliers, each with an order sent and a key."""
    return Desk(site, world)
