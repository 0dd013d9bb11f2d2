"""Pages of sourcing: the charter for everyone; its editor, evidence and tenders for the association; bids."""

from app.sourcing.pages import bids, charter, editor, evidence, tender_record, tenders
from app.web.rendering import shell_facts

routers = (
    charter.router,
    editor.router,
    evidence.router,
    tenders.router,
    tender_record.router,
    bids.router,
)

shell_facts["waiting_evidence"] = editor.waiting_evidence
