"""Why a launch is refused. Each has ``say`` and ``do`` for the person in front of the page."""

from __future__ import annotations


class LaunchError(Exception):
    """A launch or session that cannot go on; nothing was read or sent."""

    code = "launch"
    http_status = 400
    say = "Preclear could not be opened from the chart."
    do = "Go back to the chart and open Preclear again."

    def __init__(self, detail: str = "") -> None:
        super().__init__(detail or self.say)


class NoIssuer(LaunchError):
    """Somebody opened the launch address by hand."""

    code = "no-issuer"
    say = "This address is for a chart system, and none has opened it."
    do = "Open Preclear from the chart: the chart system then names itself."


class UnlistedIssuer(LaunchError):
    """The ``iss`` is in no registration; no request is made to it."""

    code = "unlisted-issuer"
    http_status = 403
    say = "This chart system is not registered with Preclear, so it was not contacted."
    do = "Ask the person who runs Preclear at your site to register it."


class BadState(LaunchError):
    """The ``state`` is unknown, used, expired, or belongs to another browser."""

    code = "bad-state"
    say = "This sign-in was already used, took too long, or was started in another window."


class CodeRefused(LaunchError):
    """The EHR refused the authorization or the code, or its answer is not a token."""

    code = "code-refused"
    http_status = 502
    say = "The chart system did not confirm the sign-in."


class GrantRefused(CodeRefused):
    """The EHR said, in OAuth's own words, that it takes this code or refresh token no more."""


class BadIdToken(LaunchError):
    """The id_token does not prove who signed in."""

    code = "bad-id-token"
    http_status = 502
    say = "The chart system did not prove who is signed in, so Preclear stays closed."
    do = "Ask the person who runs Preclear at your site to look at the registration."


class DiscoveryFailed(LaunchError):
    """``.well-known/smart-configuration`` is missing or unusable."""

    code = "discovery-failed"
    http_status = 502
    say = "The chart system did not say how to sign in."
    do = "Try again in a minute. If it goes on, tell the person who runs Preclear."


class CookiesBlocked(LaunchError):
    """The browser did not send back the cookie of this launch."""

    code = "cookies-blocked"
    http_status = 403
    say = "Your browser blocks the cookie that keeps this window tied to this patient."
    do = (
        "Allow cookies for this site in the chart's browser, or ask the chart to open Preclear "
        "in a window of its own, then open it again from the order."
    )


class SessionEnded(LaunchError):
    """The session is unknown, idle too long, or does not belong to this browser."""

    code = "session-ended"
    http_status = 401
    say = "This Preclear window has ended. What you saved is kept."


class SignInUnavailable(LaunchError):
    """No new token could be had just now; the one that is kept may well be good: try again."""

    code = "sign-in-unavailable"
    http_status = 503
    say = "The chart system did not answer just now. What you saved is kept."
    do = "Try again in a minute."


class TokenRevoked(LaunchError):
    """The EHR no longer accepts the session's token and gives no new one."""

    code = "token-revoked"
    http_status = 401
    say = "The chart system has ended this sign-in. What you saved is kept."
