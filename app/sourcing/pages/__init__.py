"""Pages of sourcing: the charter for everyone; for the association its editor and what suppliers show."""

from app.sourcing.pages import charter, editor, evidence
from app.web.rendering import shell_facts

routers = (charter.router, editor.router, evidence.router)

shell_facts["waiting_evidence"] = editor.waiting_evidence
