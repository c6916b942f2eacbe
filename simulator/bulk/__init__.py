"""Bulk operations: the rules for their queries, the worker that writes JSONL, and the result files."""
