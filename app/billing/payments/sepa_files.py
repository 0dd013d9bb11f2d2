"""What banks ask of SEPA files beyond their schema: their character set, NOTPROVIDED where no BIC is known. Pure."""

import re

from lxml import etree
from sepaxml.validation import try_valid_xml

from app.edocuments.xml import parse_xml

# EPC217-08, SEPA requirements for an extended character set: the basic Latin set, and what to put for others.
_OUTSIDE = re.compile(r"[^a-zA-Z0-9/\-?:().,'+ ]")
_REPLACED = {
    **{"&": "+", "[": "(", "{": "(", "<": "(", "]": ")", "}": ")", ">": ")"},
    **{"_": "-", "~": "-", "=": "-", '"': "'", "`": "'", ";": ",", "!": ".", "@": "(at)", "\n": " ", "\t": " "},
}
_NONE = "NOTPROVIDED"


def in_bank_letters(text: str, most: int) -> str:
    """Text in the letters that every bank takes, at most so long; NOTPROVIDED where nothing is left of it."""
    plain = _OUTSIDE.sub(lambda found: _REPLACED.get(found[0], "."), text)
    plain = re.sub("/{2,}", "/", " ".join(plain.split())).strip("/ ")
    return plain[:most].rstrip("/ ") or _NONE


def as_identification(number: str) -> str:
    """A document's number as the end-to-end identification of an entry: 35 of the banks' letters."""
    return in_bank_letters(number, 35)


def finish(content: bytes, schema: str) -> bytes:
    """A file with every name and description in the bank's letters and every bank named, checked by the ISO schema."""
    root = parse_xml(content)
    for node in root.iter("{*}Nm", "{*}Ustrd"):
        node.text = in_bank_letters(node.text or "", 70 if etree.QName(node).localname == "Nm" else 140)
    for agent in root.iter("{*}FinInstnId"):
        if len(agent) == 0:
            other = etree.SubElement(agent, f"{{{etree.QName(agent).namespace}}}Othr")
            etree.SubElement(other, f"{{{etree.QName(agent).namespace}}}Id").text = _NONE
    finished: bytes = etree.tostring(root, xml_declaration=True, encoding="UTF-8")
    try_valid_xml(finished, schema)
    return finished


def batches_of(content: bytes) -> dict[str, str]:
    """The name of the batch that each payment of a file stands in, by its end-to-end identification."""
    return {
        payment.text or "": batch.findtext("{*}PmtInfId") or ""
        for batch in parse_xml(content).iter("{*}PmtInf")
        for payment in batch.iter("{*}EndToEndId")
    }
