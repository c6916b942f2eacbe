"""Fluxor: what to reorder, how much, from whom and by when, and why."""
