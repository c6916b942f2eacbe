"""Settings of the store: thresholds, who is told what and when, days and service level, engine, connection."""

from app.blueprints.settings import channels, data, invitations, members, routes
from app.blueprints.settings.door import blueprint

__all__ = ["blueprint", "channels", "data", "invitations", "members", "routes"]
