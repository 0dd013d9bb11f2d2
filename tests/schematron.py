"""Schematron by XSLT 2: enough of ISO/IEC 19757-3 to run the official Peppol rules, compiled for Saxon.

Patterns become modes, rules templates of falling priority (the first that matches a node alone fires in its
pattern), asserts tests. XInclude and include are resolved; the generated `*-basic.sch`, which is not published with the
rules, is left out, and so are rules on code lists that only it defines.
"""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from lxml import etree
from saxonche import PySaxonProcessor, PyXsltExecutable

SCH = "http://purl.oclc.org/dsdl/schematron"
XSL = "http://www.w3.org/1999/XSL/Transform"
XI = "http://www.w3.org/2001/XInclude"
_UNDEFINED = ("$clUNCL5189", "$clUNCL7161")


@dataclass(frozen=True)
class Failure:
    """A rule that does not hold."""

    rule: str
    flag: str
    words: str


@cache
def saxon() -> PySaxonProcessor:
    """One processor: what it parses and compiles belongs together."""
    return PySaxonProcessor(license=False)


@cache
def compiled(path: Path) -> PyXsltExecutable:
    """The rules of a Schematron file, ready to be run."""
    return saxon().new_xslt30_processor().compile_stylesheet(stylesheet_text=_stylesheet(path))


def failures(path: Path, document: bytes) -> list[Failure]:
    """The rules of a file that do not hold for a document."""
    node = saxon().parse_xml(xml_text=document.decode("utf-8"))
    answer = compiled(path).transform_to_string(xdm_node=node)
    found = etree.fromstring(answer.encode("utf-8"))
    return [Failure(f.get("rule", ""), f.get("flag", ""), " ".join((f.text or "").split())) for f in found]


def _stylesheet(path: Path) -> str:
    schema = etree.parse(str(path)).getroot()
    nsmap = {ns.get("prefix"): ns.get("uri") for ns in schema.iter(f"{{{SCH}}}ns")}
    sheet = etree.Element(f"{{{XSL}}}stylesheet", nsmap={"xsl": XSL, **nsmap}, version="2.0")
    _add(sheet, "output", method="xml")
    root = etree.SubElement(sheet, f"{{{XSL}}}template", match="/")
    report = etree.SubElement(root, "failures")
    for child in schema:
        if child.tag in {f"{{{XSL}}}key", f"{{{XSL}}}function"}:
            sheet.append(child)
    for include in schema.iter(f"{{{XI}}}include"):
        sheet.append(etree.parse(str(path.parent / include.get("href", ""))).getroot())
    for number, pattern in enumerate(_patterns(path, schema)):
        mode = f"pattern{number}"
        _add(report, "apply-templates", select="/", mode=mode)
        _pattern(sheet, pattern, mode)
    return etree.tostring(sheet, encoding="unicode")


def _patterns(path: Path, schema: etree._Element) -> list[etree._Element]:
    found = []
    for child in schema:
        if child.tag == f"{{{SCH}}}pattern":
            found.append(child)
        elif child.tag == f"{{{SCH}}}include" and (path.parent / child.get("href", "")).exists():
            found.append(etree.parse(str(path.parent / child.get("href", ""))).getroot())
    return found


def _pattern(sheet: etree._Element, pattern: etree._Element, mode: str) -> None:
    lets = pattern.findall(f"{{{SCH}}}let")
    rules = pattern.findall(f"{{{SCH}}}rule")
    walk = etree.SubElement(sheet, f"{{{XSL}}}template", match="@* | node() | /", mode=mode, priority="-10")
    _add(walk, "apply-templates", select="@* | node()", mode=mode)
    for at, rule in enumerate(rules):
        template = etree.SubElement(
            sheet, f"{{{XSL}}}template", match=rule.get("context", ""), mode=mode, priority=str(len(rules) - at)
        )
        for let in (*lets, *rule.findall(f"{{{SCH}}}let")):
            _add(template, "variable", name=let.get("name", ""), select=let.get("value", ""))
        for check in rule.findall(f"{{{SCH}}}assert"):
            test = check.get("test", "")
            if any(name in test for name in _UNDEFINED):
                continue
            fails = _add(template, "if", test=f"not({test})")
            failure = etree.SubElement(fails, "failure", rule=check.get("id", ""), flag=check.get("flag", ""))
            failure.text = "".join(check.itertext())
        _add(template, "apply-templates", select="@* | node()", mode=mode)


def _add(parent: etree._Element, instruction: str, **attributes: str) -> etree._Element:
    return etree.SubElement(parent, f"{{{XSL}}}{instruction}", **attributes)
