"""The XML of electronic documents: children by prefixed name, none that is empty; read without loading anything."""

from lxml import etree

from app.core.errors import InvalidInput

NAMES = {
    "cac": "urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2",
    "cbc": "urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2",
    "rsm": "urn:un:unece:uncefact:data:SCRDMCCBDACIOMessageStructure:100",
    "ram": "urn:un:unece:uncefact:data:standard:ReusableAggregateBusinessInformationEntity:128",
    "udt": "urn:un:unece:uncefact:data:standard:UnqualifiedDataType:128",
    "qdt": "urn:un:unece:uncefact:data:standard:QualifiedDataType:128",
}


def names_of(*prefixes: str) -> dict[str | None, str]:
    """The namespaces of some prefixes, as a root element declares them."""
    return {prefix: NAMES[prefix] for prefix in prefixes}


def parse_xml(content: bytes) -> etree._Element:
    """The root of a stranger's document, without its comments; nothing outside it is ever loaded.

    Raises `InvalidInput` for no XML.
    """
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, remove_comments=True, remove_pis=True
    )
    try:
        return etree.fromstring(content, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise InvalidInput("This is no XML document: {why}.", code="not_xml", why=str(error)[:200]) from error


def as_xml(root: etree._Element) -> bytes:
    """The document of a root element."""
    content: bytes = etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True)
    return content


def add_node(parent: etree._Element, name: str) -> etree._Element:
    """A new last child, named as in `cac:Party` by a prefix that the root declares."""
    prefix, local = name.split(":")
    return etree.SubElement(parent, f"{{{parent.nsmap[prefix]}}}{local}")


def add_text(parent: etree._Element, name: str, value: str, **attributes: str) -> None:
    """A child with text; nothing where there is none, as empty elements are forbidden (PEPPOL-COMMON-R001)."""
    if value:
        element = add_node(parent, name)
        element.text = value
        for key, given in attributes.items():
            element.set(key, given)
