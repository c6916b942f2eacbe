"""The job that a deep queue is made of."""


def nothing() -> None:
    """Do nothing."""
