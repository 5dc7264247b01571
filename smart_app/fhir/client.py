"""Talk FHIR R4 to one EHR: bounded, host-bound, with timeouts; and how any answer is read.

The bearer token goes to URLs under the FHIR base and nowhere else; redirects are not followed.
https://hl7.org/fhir/R4/http.html
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote, urljoin, urlsplit

import requests
from urllib3.exceptions import HTTPError

from launch.bounded import Watch, Watched
from smart_app.cases.model import Resource
from smart_app.errors import ChartUnavailable, Deleted, NotInChart
from smart_app.fhir import refs

TIMEOUT = (5.0, 20.0)  # seconds to connect, until the next byte
LONGEST = 60.0  # seconds for a whole answer
STYLE_TIMEOUT, STYLE_LONGEST = (2.0, 2.0), 4.0
MAX_BYTES = 30_000_000
MAX_DEPTH = 200
MAX_PAGES = 40
CHUNK = 65_536
FHIR_JSON = "application/fhir+json"


def _entries(page: Resource) -> list[dict[str, Any]]:
    entries = page.get("entry") or []
    return [
        one for one in entries if isinstance(one, dict) and isinstance(one.get("resource"), dict)
    ]


def _following(page: Resource) -> str | None:
    """Return the address of the next page, or None on the last one.

    Raises ChartUnavailable when a page says that another follows, and not where.
    """
    links = page.get("link") or []
    if not isinstance(links, list) or not all(isinstance(one, dict) for one in links):
        raise ChartUnavailable("links that cannot be read")
    following = [one.get("url") for one in links if one.get("relation") == "next"]
    if not following:
        return None
    if not isinstance(following[0], str) or not following[0].strip():
        raise ChartUnavailable("a next page without an address")
    return following[0]


def _climbs(path: str) -> bool:
    """Tell whether a path, however often it is encoded, goes up or hides a slash."""
    plain = unquote(path)
    if plain.count("/") != path.count("/") or "\\" in plain:
        return True
    if plain != path and _climbs(plain):
        return True
    return any(segment.partition(";")[0] in (".", "..") for segment in plain.split("/"))


def _failed(resource: Resource) -> bool:
    """Tell whether a resource is an OperationOutcome that reports an error."""
    if resource.get("resourceType") != "OperationOutcome":
        return False
    issues = [one for one in resource.get("issue") or [] if isinstance(one, dict)]
    return any(one.get("severity") in ("error", "fatal") for one in issues)


def _is_a(kind: str, resource: Resource) -> bool:
    """Tell whether a resource is of a type, with an id; servers may make up a Binary without."""
    nameless = "id" not in resource and kind == "Binary"
    return resource["resourceType"] == kind and (nameless or isinstance(resource.get("id"), str))


@dataclass(frozen=True, slots=True)
class Written:
    """The EHR's answer to a write."""

    status: int
    body: Resource | None
    location: str | None
    etag: str | None


def http_session(pool: int = 16) -> requests.Session:
    """Return a session without ambient settings: no proxies, netrc or redirects."""
    session = requests.Session()
    session.trust_env = False
    session.max_redirects = 0
    adapter = Watched(pool_connections=pool, pool_maxsize=pool, max_retries=0)
    session.mount("https://", adapter)
    session.mount("http://", adapter)
    return session


def parsed(content: bytes) -> Any:
    """Return JSON from outside; raises ValueError for what is none, or is bottomless."""
    try:
        body = json.loads(content)
    except RecursionError:
        raise ValueError("too deep") from None
    level = [body]
    for _ in range(MAX_DEPTH):
        level = [
            inner
            for one in level
            if isinstance(one, dict | list)
            for inner in (one.values() if isinstance(one, dict) else one)
        ]
        if not level:
            return body
    raise ValueError("too deep")


@dataclass(frozen=True, slots=True)
class Answer:
    """Status, headers and body of an answer; the body is empty when it was larger than allowed."""

    status: int
    headers: Mapping[str, str]
    content: bytes

    def json(self) -> Any:
        """Return the body; raises ValueError when it is no JSON, or bottomless."""
        return parsed(self.content)


def exchange(
    session: requests.Session,
    method: str,
    url: str,
    *,
    timeout: tuple[float, float],
    longest: float,
    **more: Any,
) -> Answer:
    """Send a request and return its answer, read as far as size and time allow.

    Raises requests.RequestException, also when the body breaks off or cannot be unpacked. A
    timeout of the socket alone would let an answer trickle for ever.
    """
    with (
        Watch(longest) as watch,
        session.request(
            method, url, timeout=timeout, allow_redirects=False, stream=True, **more
        ) as response,
    ):
        content = bytearray()
        try:
            watch.check()
            while part := response.raw.read1(CHUNK, decode_content=True):
                content += part
                if len(content) > MAX_BYTES:
                    content.clear()
                    break
                watch.check()
            watch.check()
        except HTTPError as cause:
            raise requests.exceptions.ChunkedEncodingError(type(cause).__name__) from cause
        return Answer(response.status_code, response.headers, bytes(content))


class FhirClient:
    """One patient's chart at one EHR; ``bearer(refused)`` gives the token, "" for none."""

    def __init__(
        self,
        base: str,
        bearer: Callable[[str | None], str],
        session: requests.Session | None = None,
    ) -> None:
        self._base = base.rstrip("/") + "/"
        self._bearer = bearer
        self._session = session or http_session()

    def _url(self, path: str) -> str:
        """Return the address that is asked, as it will be written on the wire.

        Raises ChartUnavailable for one that is not under the FHIR base, or that a server between
        here and there might read as such.
        """
        try:
            joined = urljoin(self._base, path)
            url = requests.Request("GET", joined).prepare().url or ""
            base = requests.Request("GET", self._base).prepare().url or ""
            ours, theirs = urlsplit(base), urlsplit(url)
        except (ValueError, TypeError, requests.RequestException) as cause:
            raise ChartUnavailable("a link is no address") from cause
        if (
            (ours.scheme, ours.netloc) != (theirs.scheme, theirs.netloc)
            or not f"{theirs.path}/".startswith(ours.path)
            or _climbs(urlsplit(joined).path)
            or _climbs(theirs.path)
        ):
            raise ChartUnavailable("a link leaves the FHIR base")
        return url

    def _send(self, method: str, path: str, **more: Any) -> Answer:
        url, refused = self._url(path), None
        headers = {"Accept": FHIR_JSON} | more.pop("headers", {})
        for attempt in (1, 2):
            token = self._bearer(refused)
            try:
                answer = exchange(
                    self._session,
                    method,
                    url,
                    headers=headers | ({"Authorization": f"Bearer {token}"} if token else {}),
                    timeout=TIMEOUT,
                    longest=LONGEST,
                    **more,
                )
            except requests.RequestException as cause:
                raise ChartUnavailable(type(cause).__name__) from cause
            if answer.status != 401 or attempt == 2:
                return answer
            refused = token
        raise AssertionError

    @staticmethod
    def _json(answer: Answer) -> Resource:
        if answer.status in (404, 410):
            raise (Deleted if answer.status == 410 else NotInChart)(f"status {answer.status}")
        if answer.status != 200:
            raise ChartUnavailable(f"status {answer.status}")
        try:
            body = answer.json()
        except ValueError as cause:
            raise ChartUnavailable("not JSON") from cause
        if not isinstance(body, dict) or "resourceType" not in body:
            raise ChartUnavailable("not FHIR")
        return body

    def read(self, reference: str) -> Resource:
        """Return the resource that ``Type/id`` names; raises ChartUnavailable.

        So it does for a body of another type, or without an id, such as an error that is told with
        status 200. Whether it is the very one that was named is for those who know whose it is.
        """
        body = self._json(self._send("GET", reference))
        named = refs.relative(reference)
        if named and not _is_a(named.partition("/")[0], body):
            raise ChartUnavailable("not what was asked for")
        return body

    def search(self, resource_type: str, params: Mapping[str, str]) -> list[Resource]:
        """Return all matches over all pages; raises ChartUnavailable rather than give a part.

        A page may carry the EHR's own word that the search failed, with status 200: then what it
        lists is no answer, least of all when it lists nothing.
        """
        page = self._json(self._send("GET", resource_type, params=dict(params)))
        found: list[Resource] = []
        for _ in range(MAX_PAGES):
            if page.get("resourceType") != "Bundle":
                raise ChartUnavailable("not a Bundle")
            listed = [one["resource"] for one in _entries(page)]
            if any(_failed(one) for one in listed):
                raise ChartUnavailable("the search reports an error")
            found += [one for one in listed if one.get("resourceType") != "OperationOutcome"]
            following = _following(page)
            if following is None:
                return found
            page = self._json(self._send("GET", following))
        raise ChartUnavailable("more pages than the bound")

    def style(self, url: str) -> Resource:
        """Return the EHR's style sheet of colours; empty when it is elsewhere or cannot be had.

        Only the EHR's own origin is asked, and without the token.
        """
        ours, theirs = urlsplit(self._base), urlsplit(url)
        if (ours.scheme, ours.netloc) != (theirs.scheme, theirs.netloc):
            return {}
        try:
            found = exchange(
                self._session, "GET", url, timeout=STYLE_TIMEOUT, longest=STYLE_LONGEST
            )
            body = found.json() if found.status == 200 else None
        except (requests.RequestException, ValueError):
            return {}
        return body if isinstance(body, dict) else {}

    def create(self, resource: Resource, if_none_exist: str | None = None) -> Written:
        """POST a resource, conditionally when ``if_none_exist`` is a search query."""
        headers = {"Content-Type": FHIR_JSON, "Prefer": "return=representation"}
        if if_none_exist:
            headers["If-None-Exist"] = if_none_exist
        body = json.dumps(resource, ensure_ascii=False).encode()
        return self._written(
            self._send("POST", resource["resourceType"], data=body, headers=headers)
        )

    def update(self, resource: Resource, etag: str) -> Written:
        """PUT a resource that must still be of the given version."""
        headers = {
            "Content-Type": FHIR_JSON,
            "Prefer": "return=representation",
            "If-Match": etag,
        }
        path = f"{resource['resourceType']}/{resource['id']}"
        body = json.dumps(resource, ensure_ascii=False).encode()
        return self._written(self._send("PUT", path, data=body, headers=headers))

    @staticmethod
    def _written(answer: Answer) -> Written:
        try:
            body = answer.json()
        except ValueError:
            body = None
        return Written(
            status=answer.status,
            body=body if isinstance(body, dict) else None,
            location=answer.headers.get("Location"),
            etag=answer.headers.get("ETag"),
        )
