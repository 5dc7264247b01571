"""``./run bench``: what the budgets promise, measured beside a baseline of the same machine."""
