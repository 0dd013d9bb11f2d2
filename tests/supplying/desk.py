"""Two suppliers at their desks, as the tests of their API need them."""

from typing import Any

from app.accounts.actor import COMMAND_LINE, Actor, actor_for
from app.accounts.permissions import SUPPLIER_SCOPES
from app.accounts.sign_in import create_api_key
from app.catalog.suppliers import add_supplier_user
from tests.factories import World
from tests.site import Site

ORDER = "/api/v1/supplier/orders/R1-S1"


class Desk:
    """Two suppliers, each with an order sent (12 gloves in packs of 6, 4 reams) and a key."""

    def __init__(self, site: Site, world: World) -> None:
        self.site, self.world = site, world
        first, second = world.a_supplier("S1"), world.a_supplier("S2")
        self.supplier = first
        self.gloves = world.an_offer(first, ((1, "10.00"),), pack=6)
        self.paper = world.an_offer(first, ((1, "4.00"),))
        purchasing_round = world.an_open_round("R1")
        world.an_order(purchasing_round, (self.gloves, 12), (self.paper, 4))
        world.an_order(purchasing_round, (world.an_offer(second), 3))
        world.play("R1")
        self.speakers = {code: self._speaker(code) for code in ("S1", "S2")}

    def _speaker(self, code: str) -> Actor:
        person = add_supplier_user(
            self.world.session, COMMAND_LINE, code, email=f"{code}@s.example", name=code, locale="en"
        )
        return actor_for(person)

    def key(self, code: str = "S1", *scopes: str) -> str:
        names = list(scopes or sorted(SUPPLIER_SCOPES))
        return create_api_key(self.world.session, self.speakers[code], "ERP", names).secret

    def ask(self, method: str, path: str, key: str, **options: Any) -> Any:
        headers = {"Authorization": f"Bearer {key}"} | options.pop("headers", {})
        return self.site.ask(method, path, headers=headers, **options)
