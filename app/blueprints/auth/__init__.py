"""Identity at the web door: Shopify's ID token or our own session on each request, logging in, connecting a store."""

from app.blueprints.auth import connect, joining, pages
from app.blueprints.auth.api import blueprint as api_blueprint
from app.blueprints.auth.identity import load_identity
from app.blueprints.auth.routes import blueprint

__all__ = ["api_blueprint", "blueprint", "connect", "joining", "load_identity", "pages"]
