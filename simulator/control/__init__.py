"""Makes things happen: the control API (JSON) and the control page."""
