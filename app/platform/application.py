"""The Flask application's class: one transaction for each request."""

from __future__ import annotations

from flask import Flask
from flask.typing import ResponseReturnValue

from app.platform import db


class Fluxor(Flask):
    """Flask with one transaction for each request: returning commits, raising rolls back."""

    def dispatch_request(self) -> ResponseReturnValue:
        """Run the view inside the request's transaction."""
        with db.transaction():
            return super().dispatch_request()
