"""What a sales file is refused with; apart from its reader, which needs pandas and seconds to load."""


class BadPanel(ValueError):
    """The file cannot be used; the message names the file, the row and the column."""
