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
    skus = [
        found["sku"]
        for shop in here.shops()[:3]
        for found in shop.query("SELECT sku FROM variants WHERE sku != '' ORDER BY sku LIMIT 300")
    ]
    return render_template(
        "control.html",
        skus=skus,
        shops=[summary(shop) for shop in here.shops()],
        kinds=KINDS,
        now=iso(here.clock.now()),
        manifest=here.manifest,
    )
