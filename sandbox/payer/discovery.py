"""What a base address says of itself: the CapabilityStatement of a PAS intermediary.

https://hl7.org/fhir/us/davinci-pas/2.2.1/en/CapabilityStatement-IntermediaryCapabilities.html
"""

from __future__ import annotations

from sandbox.payer.config import PayerConfig
from sandbox.payer.r4 import Json
from sandbox.payer.subscriptions import TOPIC
from sandbox.payer.versions import Version

PAS = "http://hl7.org/fhir/us/davinci-pas"
CDEX = "http://hl7.org/fhir/us/davinci-cdex/OperationDefinition/submit-attachment"
BACKPORT = "http://hl7.org/fhir/uv/subscriptions-backport"
TOPICS = f"{BACKPORT}/StructureDefinition/capabilitystatement-subscriptiontopic-canonical"


def capability(config: PayerConfig, version: Version) -> Json:
    """Return the CapabilityStatement of one version."""
    intermediary = f"{PAS}/CapabilityStatement/IntermediaryCapabilities|{version.name}"
    attach = {"name": "submit-attachment", "definition": CDEX}
    return {
        "resourceType": "CapabilityStatement",
        "status": "active",
        "date": config.now(),
        "kind": "instance",
        "instantiates": [intermediary],
        "software": {"name": "Pretend payer", "version": version.name},
        "implementation": {
            "description": "Pretend payer of the Preclear sandbox. It decides nothing real.",
            "url": config.base_url + version.path,
        },
        "fhirVersion": "4.0.1",
        "format": ["json"],
        "rest": [
            {
                "mode": "server",
                "resource": [_claim(version), _subscription()],
                "operation": [attach],
            }
        ],
    }


def _claim(version: Version) -> Json:
    names = {"submit": "Claim-submit", "inquire": "Claim-inquiry"}
    return {
        "type": "Claim",
        "operation": [
            {"name": name, "definition": f"{PAS}/OperationDefinition/{one}|{version.name}"}
            for name, one in names.items()
        ],
    }


def _subscription() -> Json:
    codes = ("create", "read", "update", "delete")
    return {
        "extension": [{"url": TOPICS, "valueCanonical": TOPIC}],
        "type": "Subscription",
        "interaction": [{"code": code} for code in codes],
        "operation": [
            {
                "name": name,
                "definition": f"{BACKPORT}/OperationDefinition/backport-subscription-{name}",
            }
            for name in ("status", "events")
        ],
    }


def smart(config: PayerConfig, version: Version) -> Json:
    """Return how a client signs in, which it need not do here.

    https://hl7.org/fhir/smart-app-launch/STU2.2/conformance.html
    """
    return {
        "token_endpoint": f"{config.base_url}{version.path}/auth/token",
        "grant_types_supported": ["client_credentials"],
        "token_endpoint_auth_methods_supported": ["private_key_jwt"],
        "token_endpoint_auth_signing_alg_values_supported": ["RS384", "ES384"],
        "scopes_supported": ["system/Claim.cruds", "system/Subscription.cruds"],
        "capabilities": ["client-confidential-asymmetric", "permission-v2"],
    }
