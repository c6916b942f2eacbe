"""The blueprints that the modules beside it declare their routes on."""

from __future__ import annotations

from app.platform.api import ApiBlueprint

blueprint = ApiBlueprint("api", __name__)
root = ApiBlueprint("api_root", __name__, prefix="")
