"""Factur-X 1.0 (FNFE-MPE, FeRD), profile EN 16931: the PDF/A-3 with its XML inside, checked by the standard's XSD."""

from app.billing.invoicing.invoice import Invoice
from app.billing.invoicing.invoice_cii import cii_xml
from app.billing.invoicing.invoice_pdf import invoice_pdf


def factur_x(invoice: Invoice) -> bytes:
    """The invoice as one file."""
    from facturx import generate_from_binary  # takes long to load

    content: bytes = generate_from_binary(
        invoice_pdf(invoice), cii_xml(invoice), flavor="factur-x", level="en16931", check_xsd=True, lang="fr"
    )
    return content
