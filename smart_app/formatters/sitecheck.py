"""What an EHR offers to a site's registration, in words for who registers."""

from __future__ import annotations

from collections.abc import Mapping

RUNG_WORDS = {
    "DocumentReference.create": "Filing the decision as a document",
    "ServiceRequest.update": "Marking an affirmed order",
}
KEY_WORDS = {
    "search_by_identifier": "finding a document by its identifier",
    "if_none_exist": "creating a document only where none exists (If-None-Exist)",
}
SILENCE = {
    "ConnectionError": "no connection to it",
    "ReadTimeout": "no answer in time",
    "ConnectTimeout": "no connection in time",
}
"""Why a server that was asked said nothing."""
LEVELS = {"ok": "ok   ", "look": "LOOK ", "stop": "STOP "}
SITE_FINDINGS = {
    "no_sign_in": "The sign-in's settings (.well-known/smart-configuration) cannot be used: {why}. "
    "Check the issuer's spelling, and that this machine reaches it.",
    "sign_in": "Sign-in at {where}, tokens from {tokens}.",
    "no_s256": "The server does not say that it takes PKCE with S256, which SMART demands and "
    "Preclear always sends. Ask the EHR.",
    "auth": "This registration proves itself by {auth}; the server lists {offered}. Ask which it "
    "wants of us, or change client.auth.",
    "public": "This registration is a public client: it has no secret to prove itself by "
    "(PKCE guards its sign-in), and the server takes such clients.",
    "auth_listed": "This registration proves itself as the server takes it: {auth}.",
    "slash": "The server calls itself {stated}, this file {iss}. Only one of them is what launches "
    "bring as iss: a slash at the end counts.",
    "issuer": "The server names {stated}, on another host, as the issuer of its sign-ins. When the "
    'EHR confirms it, add: id_token_issuer = "{stated}"',
    "no_scopes": "The server does not list its scopes: only a sign-in shows what it grants.",
    "scopes": "Asked for, but not listed by the server: {missing}. It may grant them all the same; "
    "what it does not grant is shown as not available.",
    "all_scopes": "The server lists every scope that is asked for.",
    "no_offline": "The server does not list offline_access. Without it, set "
    'late_write = "next_launch": late decisions are filed when the chart is next opened.',
    "no_metadata": "Its FHIR description (metadata) cannot be read: {why}.",
    "version": "It speaks FHIR {version}; Preclear reads R4 (4.0.1).",
    "reads": "Not searchable there: {missing}. Preclear says of these that they are not available; "
    "forms may have more open points.",
    "all_reads": "All {count} kinds of resource that Preclear reads can be searched.",
    "rung_off": "{rung_words}: switched off here (write_ladder).",
    "rung_not_offered": "{rung_words} will not work: the server does not offer {rung}.",
    "rung_no_scope": "{rung_words} will not work: add the scope {scope}.",
    "rung_works": "{rung_words} will work: the server offers {rung}.",
    "claims_more": "The file says {key} = true, but the server does not say that {key_words} "
    "works there. Set it to false, or ask the EHR: after a crash a document might be filed twice.",
    "could_more": "The server says that {key_words} works there. With {key} = true Preclear uses "
    "it after a crash or timeout.",
    "person_after_crash": "After a crash or timeout Preclear cannot find out whether a document "
    "was filed: it says so, and a person looks.",
    "by_hand": "Nothing can be written to this chart: after each decision Preclear shows the "
    "number to copy.",
}
SITE_VERDICTS = {
    "ok": "Ready to try a launch.",
    "look": "A launch can be tried. Read the lines marked LOOK first.",
    "stop": "Not ready: mend the lines marked STOP, then check again.",
}


def site_finding(level: str, kind: str, facts: Mapping[str, str]) -> str:
    """Return a line of the check of a site."""
    words = {
        "rung_words": RUNG_WORDS.get(facts.get("rung", ""), ""),
        "key_words": KEY_WORDS.get(facts.get("key", ""), ""),
    }
    why = facts.get("why", "")
    told = {**facts, "why": SILENCE.get(why, why)}
    return LEVELS[level] + SITE_FINDINGS[kind].format(**words, **told)


def site_verdict(levels: set[str]) -> str:
    """Return what the lines of a check come to."""
    return SITE_VERDICTS[next(one for one in ("stop", "look", "ok") if one in levels | {"ok"})]
