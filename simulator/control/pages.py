"""The control page for people."""

from __future__ import annotations

from flask import Blueprint, render_template

from simulator.clock import iso
from simulator.control.api import summary, world
from simulator.faults.registry import KINDS

blueprint = Blueprint("control_pages", __name__)


@blueprint.get("/control")
def control() -> str:
    """Everything that can be made to happen, as forms."""
    here = world()
    return render_template(
        "control.html",
        shops=[summary(shop) for shop in here.shops()],
        kinds=KINDS,
        now=iso(here.clock.now()),
        manifest=here.manifest,
    )
