"""Background jobs of the catalogue: importing the files that were sent over the web."""

from app.catalog import import_runs
from app.catalog.columns import OFFER_COLUMNS, OWN_OFFER_COLUMNS, SUPPLIER_COLUMNS
from app.catalog.imports import import_offers, import_own_offers, import_suppliers
from app.core import jobs

import_runs.register("suppliers", SUPPLIER_COLUMNS, import_suppliers)
import_runs.register("offers", OFFER_COLUMNS, import_offers)
import_runs.register("own_offers", OWN_OFFER_COLUMNS, import_own_offers)


@jobs.task(import_runs.IMPORT_FILE)
def import_file(run_id: int) -> None:
    """Read a file that somebody sent."""
    import_runs.carry_out(run_id)
