"""Pure maths: numpy and pandas in, frozen dataclasses out; no app, clock, network or files."""
