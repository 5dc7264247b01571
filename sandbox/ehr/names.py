"""The ids of orders: a chart that starts over holds new orders, whatever their authors call them.

A client keeps a case for an order it knows; only an order with another id is a new one to it.
"""

from __future__ import annotations

from typing import Any

Resource = dict[str, Any]
ORDER = "ServiceRequest"


class Names:
    """What authored orders and requisitions are called in the n-th chart; the first keeps all."""

    def __init__(self, charts: list[Resource], number: int) -> None:
        orders = [one for one in charts if one["resourceType"] == ORDER]
        known = {one["id"] for one in orders}
        known |= {one["requisition"]["value"] for one in orders if "requisition" in one}
        self._now = {one: f"{one}-{number}" for one in known} if number > 1 else {}

    def order(self, name: str) -> str:
        """Return the id of an order that is named as authored, or as it is."""
        return self._now.get(name, name)

    def reference(self, reference: str) -> str:
        """Return a reference with the order's id of now; others as they are."""
        kind, _, name = reference.partition("/")
        return f"{kind}/{self.order(name)}" if kind == ORDER else reference

    def resource(self, resource: Resource) -> Resource:
        """Return a resource whose own id and references name the orders of now."""
        made: Resource = self._walk(resource)
        if made.get("resourceType") == ORDER:
            made["id"] = self.order(made["id"])
            if "requisition" in made:
                made["requisition"]["value"] = self.order(made["requisition"]["value"])
        return made

    def _walk(self, value: Any) -> Any:
        if isinstance(value, list):
            return [self._walk(one) for one in value]
        if isinstance(value, dict):
            return {
                key: self.reference(one)
                if key == "reference" and isinstance(one, str)
                else self._walk(one)
                for key, one in value.items()
            }
        return value
