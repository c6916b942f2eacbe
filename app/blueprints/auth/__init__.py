"""Identity at the web door: Shopify's ID token on each request, the bounce page, installation."""

from app.blueprints.auth.identity import load_identity
from app.blueprints.auth.routes import blueprint

__all__ = ["blueprint", "load_identity"]
