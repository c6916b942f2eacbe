"""Faults: the real processes are killed, cut off and lied to, and whatever was asked for must still happen."""
