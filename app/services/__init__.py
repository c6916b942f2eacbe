"""Use cases: load, ask the domain, store. No HTTP, queue, clock or commit."""
