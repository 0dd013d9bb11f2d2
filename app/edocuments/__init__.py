"""What documents share, whoever writes them: `parties`, `totals`, pieces of UBL (`ubl`) and of CII (`cii`), paper
(`pdf`), and `xml`, the one hardened reader and writer of XML.
"""
