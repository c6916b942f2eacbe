"""Settings that inherit: store → supplier → product → location; the nearest one that is set counts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields

from app.domain.replenishment.inputs import Policy

LEVELS = ("store", "supplier", "product", "location")
FIELDS = tuple(f.name for f in fields(Policy))


@dataclass(frozen=True)
class Setting:
    """One effective value and the level it was set at ("default" if nowhere)."""

    value: float
    level: str


def effective(layers: Mapping[str, Mapping[str, float | None]]) -> dict[str, Setting]:
    """The effective settings of one variant from its layers by level; None means not set there.

    Unknown levels or fields are errors that list the known ones.
    """
    _known(layers, LEVELS, "level")
    for level in layers.values():
        _known(level, FIELDS, "setting")
    found = {
        f.name: Setting(f.default, "default") for f in fields(Policy) if isinstance(f.default, int | float)
    }
    for name in LEVELS:
        for field, value in layers.get(name, {}).items():
            if value is not None:
                found[field] = Setting(float(value), name)
    return found


def policy_of(variants: Sequence[dict[str, Setting]]) -> Policy:
    """The Policy of many variants from their effective settings."""
    return Policy(**{name: [variant[name].value for variant in variants] for name in FIELDS})


def _known(given: Mapping[str, object], allowed: Sequence[str], what: str) -> None:
    for name in given:
        if name not in allowed:
            raise ValueError(f"no {what} {name!r}; choose from {', '.join(allowed)}")
