"""Settings of the store: thresholds, who is mailed, days and service level, engine, connection."""

from app.blueprints.settings.routes import blueprint

__all__ = ["blueprint"]
