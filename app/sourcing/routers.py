"""Routers of sourcing: pages and API, and what they tell every page's shell."""

from app.sourcing.charter import api as charter_api
from app.sourcing.charter.pages import charter, editor, evidence
from app.sourcing.tenders import api as tenders_api
from app.sourcing.tenders.pages import bids, record, tenders
from app.web.rendering import shell_facts

pages = (
    charter.router,
    editor.router,
    evidence.router,
    tenders.router,
    record.router,
    bids.router,
)
apis = (charter_api.router, tenders_api.router)

shell_facts["waiting_evidence"] = editor.waiting_evidence
