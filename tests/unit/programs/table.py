"""The table of who is asked for what: one row a case, written from the guide, not from our data.

Columns: codes | diagnoses | other codes of the order | state | place | type of bill | day |
coverage | modifiers → verdict | deciding rule | a part of its source. An empty cell means what is
usual (``USUAL``); ``?`` means that the fact is not known.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

USUAL = {
    "state": "AZ",
    "pos": "22",
    "tob": "131",
    "on": "2026-11-30",
    "coverage": "121",
}
DIAGNOSIS = {
    "64568": "G40.011",
    "64561": "N39.41",
    "64581": "N39.41",
    "62323": "M54.16",
    **dict.fromkeys((str(one) for one in range(15271, 15279)), "E11.621"),
}
STATE = dict.fromkeys((str(one) for one in range(15271, 15279)), "TX")


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the table."""

    codes: str
    diagnoses: str
    companions: str
    state: str
    pos: str
    tob: str
    on: str
    coverage: str
    modifiers: str
    verdict: str
    rule: str
    source: str

    def __str__(self) -> str:
        return " ".join(value for one in fields(self) if (value := getattr(self, one.name)))


def rows() -> list[Row]:
    """Return every row of the table."""
    found = []
    for line in (ALL_CODES + TRAPS).splitlines():
        if line.strip() and not line.startswith("#"):
            cells = [cell.strip() for cell in line.split("|")]
            assert len(cells) == 12, line
            found.append(Row(*cells))
    return found


def _whole() -> str:
    """Return a row for each of the 41 codes, and for places and states."""
    tables = {
        "A1": "29877",
        "A2": "64605 64610",
        "A3": "64568",
        "A4": "33276 33277",
        "A5": "63655",
        "A6": "53440 53445 53451 53452 57288",
        "A7": "64581",
        "A8": "54400 54401 54405",
        "A9": "22510 22511 22512 22513 22514 22515",
        "A10": "62321 62323 64479 64480 64483 64484",
        "A11": "22554",
        "A12": "64582 C8007 C8011",
        "A13": "15271 15272 15273 15274 15275 15276 15277 15278",
    }
    made = [
        f"{code}||||||||| in_scope | code | Table {table}"
        for table, codes in tables.items()
        for code in codes.split()
    ]
    for code in ("29877", "64605", "64582", "22510"):
        made += [f"{code}|||{state}||||||in_scope|state|Table 2" for state in ("NJ", "OH", "WA")]
    for pos in ("11", "12", "19", "22", "24"):
        made.append(f"22554||||{pos}|||||in_scope|site|1.5")
    return "\n".join(made) + "\n64561||64590|||||||in_scope|companion|Table A7\n"


ALL_CODES = _whole()
TRAPS = """
# dates of service: model, C8007 and C8011, the end
62323||||||2026-01-15|||in_scope|code|Table A10
62323||||||2026-01-14|||out_of_scope|date|Table A10
62323||||||2026-01-05|||out_of_scope|date|Table A10
64582||||||2026-01-15|||in_scope|code|Table A12
C8007||||||2026-04-05|||out_of_scope|date|Table A12
C8007||||||2026-04-06|||in_scope|code|Table A12
C8011||||||2026-04-05|||out_of_scope|date|Table A12
C8011||||||2026-04-06|||in_scope|code|Table A12
C8011||||||2026-01-15|||out_of_scope|date|Table A12
64582 C8007||||||2026-04-05|||out_of_scope|date|Table A12
62323||||||2031-12-31|||in_scope|code|Table A10
62323||||||2032-01-01|||out_of_scope|date|Table A10
15271||||||2026-01-14|||out_of_scope|date|Table A13

# vagus nerve: Table B1, never sleep apnea, first implants
64568|G40.019||||||||in_scope|diagnosis|Table B1
64568|G40.111||||||||in_scope|diagnosis|Table B1
64568|G40.119||||||||in_scope|diagnosis|Table B1
64568|G40.211||||||||in_scope|diagnosis|Table B1
64568|G40.219||||||||in_scope|diagnosis|Table B1
64568|F31.32||||||||in_scope|diagnosis|Table B1
64568|F31.4||||||||in_scope|diagnosis|Table B1
64568|F31.81||||||||in_scope|diagnosis|Table B1
64568|F32.1||||||||in_scope|diagnosis|Table B1
64568|F32.2||||||||in_scope|diagnosis|Table B1
64568|F33.1||||||||in_scope|diagnosis|Table B1
64568|F33.2||||||||in_scope|diagnosis|Table B1
64568|Z00.6||||||||in_scope|diagnosis|Table B1
64568|G40011||||||||in_scope|diagnosis|Table B1
64568|g40.011||||||||in_scope|diagnosis|Table B1
64568|G47.33||||||||out_of_scope|diagnosis|v4.0
64568|G4733||||||||out_of_scope|diagnosis|v4.0
64568|G47.33 G40.011||||||||unknown|diagnosis|v4.0
64568|G40.01||||||||out_of_scope|diagnosis|Table B1
64568|G40.909||||||||out_of_scope|diagnosis|Table B1
64568|F32.9||||||||out_of_scope|diagnosis|Table B1
64568|M54.16 F33.2||||||||in_scope|diagnosis|Table B1
64568|?||||||||unknown|diagnosis|Table B1
64569|G40.011||||||||out_of_scope|code|6.2.3

# hypoglossal nerve: 64568 goes along with it, unless it is ordered for its own diagnosis
64582|G47.33||||||||in_scope|code|Table A12
64582 64568|G47.33||||||||in_scope|associated|Appendix C
64568 64582|G47.33||||||||in_scope|associated|Appendix C
64582 64568|G40.011||||||||out_of_scope|one_service|v6.0
64582||64568|||||||in_scope|code|Table A12
42975|||||||||out_of_scope|associated|Appendix C

# sacral nerve: Table B2, the permanent implant
64561|N39.41|64590|||||||in_scope|diagnosis|Table B2
64561|N39.42|64590|||||||in_scope|diagnosis|Table B2
64561|N39.46|64590|||||||in_scope|diagnosis|Table B2
64561|R33.8|64590|||||||in_scope|diagnosis|Table B2
64561|R33.9|64590|||||||in_scope|diagnosis|Table B2
64561|R35.0|64590|||||||in_scope|diagnosis|Table B2
64561|R39.11|64590|||||||in_scope|diagnosis|Table B2
64561|R39.14|64590|||||||in_scope|diagnosis|Table B2
64561|R39.15|64590|||||||in_scope|diagnosis|Table B2
64561|R15.9|64590|||||||out_of_scope|diagnosis|Table B2
64561|N39.3|64590|||||||out_of_scope|diagnosis|Table B2
64561|?|64590|||||||unknown|diagnosis|Table B2
64561|||||||||out_of_scope|companion|Table A7
64561||95972|||||||out_of_scope|companion|Table A7
64561||?|||||||unknown|companion|Table A7
64561 64590|||||||||in_scope|companion|Table A7
64590 64561|||||||||in_scope|associated|Appendix C
64561 64590 C1767|||||||||in_scope|associated|Appendix C
64561 64581|||||||||out_of_scope|companion|Table A7
64561 64581||64590|||||||in_scope|companion|Table A7
64581|R39.15||||||||in_scope|diagnosis|Table B2
64581|M54.16||||||||out_of_scope|diagnosis|Table B2
64590|||||||||out_of_scope|associated|Appendix C
64590 C1767|||||||||out_of_scope|associated|Appendix C

# epidural: 62323 only as a steroid injection
62323|M51.16||||||||in_scope|purpose|62323 only
62323|M48.061||||||||in_scope|purpose|62323 only
62323|?||||||||unknown|purpose|v5.0
62323|G35||||||||unknown|purpose|v5.0
62323|M96.1||||||||unknown|purpose|v5.0
62323||62362|||||||out_of_scope|purpose|v5.0
62323||62350|||||||out_of_scope|purpose|v5.0
62323 62362|||||||||out_of_scope|code|Operational Guide
64483 64484|||||||||in_scope|code|Table A10
62322|||||||||out_of_scope|code|Operational Guide
64490|||||||||out_of_scope|code|6.2.10
64493|||||||||out_of_scope|code|6.2.10
64635|||||||||out_of_scope|code|6.2.10
01937|||||||||out_of_scope|associated|Appendix C
62323 99152|||||||||in_scope|associated|Appendix C

# other programs, and what was taken out
63650|||||||||out_of_scope|other_program|6.2.5
22551|||||||||out_of_scope|other_program|6.2.11
22552|||||||||out_of_scope|other_program|6.2.11
22551 22552|||||||||out_of_scope|other_program|6.2.11
22554 22551|||||||||out_of_scope|other_program|6.2.11
63655 63650|||||||||out_of_scope|other_program|6.2.5
22585|||||||||out_of_scope|code|v3.0
22554 22585|||||||||out_of_scope|code|v3.0
C5271|||||||||out_of_scope|code|v4.0
C5278|||||||||out_of_scope|code|v4.0
Q4100|||||||||out_of_scope|code|version history
Q4106|||||||||out_of_scope|code|version history
64555|||||||||out_of_scope|code|Appendix A
99213|||||||||out_of_scope|code|Operational Guide
62323 99213|||||||||out_of_scope|code|Operational Guide

# delayed services
61867|||||||||out_of_scope|status|2026-04-06
61868|||||||||out_of_scope|status|2026-04-06
61867||||||2027-06-01|||out_of_scope|status|2026-04-06
0275T|||||||||out_of_scope|status|v3.0
G0276|||||||||out_of_scope|status|v3.0

# associated codes and several services
29880|||||||||out_of_scope|associated|Appendix C
61790|||||||||out_of_scope|associated|Appendix C
63685|||||||||out_of_scope|associated|Appendix C
53444|||||||||out_of_scope|associated|Appendix C
Q4101|||||||||out_of_scope|associated|Appendix C
A2001|||||||||out_of_scope|associated|Appendix C
00300|||||||||out_of_scope|associated|Appendix C
29877 29881|||||||||in_scope|associated|Appendix C
64605 61790|||||||||in_scope|associated|Appendix C
63655 63685|||||||||in_scope|associated|Appendix C
22510 22512|||||||||in_scope|code|Table A9
62323 22554|||||||||out_of_scope|one_service|v6.0
29877 63655|||||||||out_of_scope|one_service|v6.0
62323 64590|||||||||out_of_scope|associated|Appendix C

# skin substitutes: Table B3, not in Arizona and Washington, products go along
15271|E08.621||||||||in_scope|diagnosis|Table B3
15271|E10.621||||||||in_scope|diagnosis|Table B3
15271|I83.012||||||||in_scope|diagnosis|Table B3
15271|I87.333||||||||in_scope|diagnosis|Table B3
15275|I83.228||||||||in_scope|diagnosis|Table B3
15271|E11.621 L97.421||||||||in_scope|diagnosis|Table B3
15271|L97.421||||||||out_of_scope|diagnosis|version history
15271|L97.111||||||||out_of_scope|diagnosis|version history
15271|E11.622||||||||out_of_scope|diagnosis|Table B3
15271|I87.2||||||||out_of_scope|diagnosis|Table B3
15271|?||||||||unknown|diagnosis|Table B3
15271|||AZ||||||out_of_scope|state|footnote 22
15275|||WA||||||out_of_scope|state|footnote 22
15271|||NJ||||||in_scope|state|Table 2
15271|||OH||||||in_scope|state|Table 2
15271|||OK||||||in_scope|state|Table 2
15271 Q4101|||||||||in_scope|associated|Appendix C
15271 15272 Q4186|||||||||in_scope|associated|Appendix C
15271 Q4100|||||||||out_of_scope|code|version history

# states: a MAC's area is wider than the model
62323|||KY||||||out_of_scope|state|A10
62323|||CA||||||out_of_scope|state|A10
62323|||NM||||||out_of_scope|state|A10
62323|||PA||||||out_of_scope|state|A10
62323|||NV||||||out_of_scope|state|A10
62323|||AZ||||||in_scope|state|Table 2
62323|||TX||||||in_scope|state|Table 2
62323|||OK||||||in_scope|state|Table 2
62323|||?||||||unknown|state|guide
62323|||AZ TX||||||unknown|state|guide
62323|||AZ CA||||||unknown|state|guide
62323|||CA NV||||||out_of_scope|state|A10
15271|||AZ WA||||||out_of_scope|state|footnote 22

# places: office, home, hospital outpatient, surgery center
62323||||21|||||out_of_scope|site|1.5
22554||||21|||||out_of_scope|site|1.5
62323||||23|||||out_of_scope|site|8.2
62323||||31|||||out_of_scope|site|A10
62323||||49|||||out_of_scope|site|A10
62323||||22 21|||||unknown|site|A10
62323||||?|||||unknown|site|A10
62323|||||0131||||in_scope|site|1.5
62323|||||851||||out_of_scope|site|A10
62323||||19|131||||in_scope|site|1.5
62323|||||131 851||||unknown|site|A10
62323||||24|||||in_scope|site|1.5

# coverage
62323|||||||12||in_scope|coverage|1.2
62323|||||||129||in_scope|coverage|1.2
62323|||||||11||out_of_scope|coverage|4.1.4
62323|||||||111||out_of_scope|coverage|4.1.4
62323|||||||112||out_of_scope|coverage|4.1.4
62323|||||||113||out_of_scope|coverage|4.1.4
62323|||||||119||out_of_scope|coverage|4.1.4
62323|||||||1111||out_of_scope|coverage|4.1.4
62323|||||||1112||out_of_scope|coverage|4.1.4
62323|||||||123||out_of_scope|coverage|4.1.4
62323|||||||14||out_of_scope|coverage|4.1.4
62323|||||||141||out_of_scope|coverage|4.1.4
62323|||||||142||out_of_scope|coverage|4.1.4
62323|||||||1||unknown|coverage|4.1.4
62323|||||||13||unknown|coverage|4.1.4
62323|||||||19||unknown|coverage|4.1.4
62323|||||||?||unknown|coverage|4.1.4
62323|||||||none||unknown|coverage|4.1.4
62323|||||||122||unknown|coverage|4.1.4
62323|||||||523||unknown|coverage|4.1.4
62323|||||||512||out_of_scope|coverage|4.1.4
62323|||||||2||out_of_scope|coverage|Medicaid
62323|||||||21||out_of_scope|coverage|Medicaid
62323|||||||121 railroad||out_of_scope|coverage|1.2
62323|||||||121 RRB Palmetto||out_of_scope|coverage|1.2
62323|||||||1 Railroad Retirement Board||out_of_scope|coverage|1.2
62323|||||||32||out_of_scope|coverage|8.2
62323|||||||3 Veterans Affairs||out_of_scope|coverage|8.2
62323|||||||33||out_of_scope|coverage|8.2
62323|||||||3 Indian Health Service||out_of_scope|coverage|8.2
62323|||||||121 +medicaid||in_scope|medicaid|4.1.4
62323|||||||121 +secondary||in_scope|secondary|9.2
62323|||||||111 +medicaid||out_of_scope|coverage|4.1.4
62323|||||||121 +deceased||out_of_scope|deceased|4.1.4

# modifiers
62323||||||||ET|out_of_scope|emergency|8.2
22510||||||||LT ET|out_of_scope|emergency|8.2
64483||||||||LT|in_scope|code|Table A10
64483||||||||50|in_scope|code|Table A10

# a no outranks what is open, and of two rules the one that explains best
62323|?||?||||111||out_of_scope|coverage|4.1.4
62323|||CA||||?||out_of_scope|state|A10
64568|G47.33||AZ||||111||out_of_scope|coverage|4.1.4
61867|||CA||||111||out_of_scope|status|2026-04-06
62323||||21||2026-01-01|||out_of_scope|date|A10
"""
