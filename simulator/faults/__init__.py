"""Trouble on demand: each fault has a kind, a rate or count, and says which calls it befalls."""
