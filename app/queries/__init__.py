"""Reads: one function is one part of a screen and answers a frozen dataclass; nothing here writes."""
