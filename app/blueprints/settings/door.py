"""The blueprint that the modules beside it declare their routes on"""

from __future__ import annotations

from app.platform.access import AppBlueprint

blueprint = AppBlueprint("settings", __name__)
