"""What each form must answer from a full chart, and from charts that differ."""
