"""The pretend EHR of the sandbox: a FHIR store, strict SMART authorization, and a chart page."""

from sandbox.ehr.app import create_ehr
from sandbox.ehr.config import EhrConfig

__all__ = ["EhrConfig", "create_ehr"]
