"""Which part of a product's demand arises at which location, shrunk towards the store's own shares."""

from __future__ import annotations

import numpy as np

from app.domain.arrays import Bools, Floats

LEAST_SALES = 20.0  # sales of the whole store whose location is known; with fewer nothing is said
# How many sales of its own weigh as much as the store's shares: between "believe the product" and "all alike".
LEAST_WEIGHT, MOST_WEIGHT = 0.5, 500.0
LEAST_IN_STOCK = (
    0.1  # of the time; what was seen for less says little, and would be taken times more than ten
)
ROUNDS = 30  # from the sales' own shares to the store's, of which each changes less than the one before
STEPS = 12  # of Newton's, from below: the first ones double, the last ones square


def shares_of_demand(
    units: Floats, squares: Floats, stocked: Bools, in_stock: Floats | None = None
) -> Floats | None:
    """(n, K) shares that sum to 1 over the locations where each variant is stocked, 0 elsewhere; None: too few sales.

    `units` (n, K) is what was sold at each location, `squares` the sum of the squared units of those sales,
    `in_stock` the part of the time, 0 to 1, in which there was something to sell (None: all of it).
    Units of one sale go to one location together, so that a product counts as n = (Σ units)² ÷ Σ squares sales
    (Kish 1965), of which s = n·units ÷ Σ units at each location. The sales that a location would have made with
    stock all the time are Poisson with mean λ·p; of them it made the part e in stock. With p from a Dirichlet law of
    weight κ around the store's shares P that leaves p = (s + κ·P) ÷ (λ·e + κ), λ such that they sum to 1: sales per
    time in stock, and where all were in stock all the time the Dirichlet-multinomial mean (s + κ·P) ÷ (n + κ)
    (Mosimann 1962). κ comes from the store itself, see `own_weight`. A variant stocked nowhere has zeros.
    """
    if _sales(units, squares).sum() < LEAST_SALES:
        return None
    seen = np.ones_like(units) if in_stock is None else np.clip(in_stock, LEAST_IN_STOCK, 1.0)
    base = _to_one(np.where(stocked, _of_store(units, seen), 0.0))
    here = np.where(stocked, units, 0.0)
    sales, total = _sales(here, np.where(stocked, squares, 0.0)), here.sum(axis=1)
    own = np.divide(here, total[:, None], out=np.zeros_like(here), where=total[:, None] > 0) * sales[:, None]
    weight = own_weight(own, _to_one(base * seen))
    return _to_one(_shrunk(own, base, np.where(stocked, seen, 1.0), weight))


def own_weight(sales: Floats, base: Floats) -> float:
    """κ: how many sales of its own weigh as much as `base`, (n, K) the shares of sales unless the product differs.

    By moments: Σ_k (s_k − n·P_k)² ÷ P_k has the mean n·(K − 1)·(1 + (n − 1)·ρ) with ρ = 1 ÷ (1 + κ), the
    overdispersion of the Dirichlet-multinomial law (Brier 1980); summed over products of two sales and more.
    """
    n, places = sales.sum(axis=1), (base > 0).sum(axis=1)
    used = (n >= 2) & (places >= 2)
    if not used.any():
        return MOST_WEIGHT
    gap = (sales - n[:, None] * base)[used]
    chi = np.divide(gap**2, base[used], out=np.zeros_like(gap), where=base[used] > 0).sum(axis=1)
    excess = chi / (n[used] * (places[used] - 1)) - 1
    alike = float(excess.sum() / (n[used] - 1).sum())
    return float(np.clip(1 / max(alike, 1e-9) - 1, LEAST_WEIGHT, MOST_WEIGHT))


def _of_store(units: Floats, seen: Floats) -> Floats:
    """(K,) the store's shares P, from a mean of λ·P·e units of each product at each location (Poisson, by turns)."""
    sold = units.sum(axis=0) + 0.5
    store: Floats = sold / sold.sum()
    if (seen == 1).all():
        return store
    for _ in range(ROUNDS):
        whole = units.sum(axis=1) / (seen @ store)
        store = sold / (whole @ seen + 0.5 * units.shape[1])
        store /= store.sum()
    return store


def _shrunk(own: Floats, base: Floats, seen: Floats, weight: float) -> Floats:
    """(n, K) p = (s + κ·P) ÷ (λ·e + κ). In λ the sum is convex and falls: from n, where it is 1 or more, Newton's
    steps rise to the one λ at which it is 1."""
    wanted, rate = own + weight * base, own.sum(axis=1)
    for _ in range(STEPS):
        below = rate[:, None] * seen + weight
        part = wanted / below
        rise = np.maximum(part.sum(axis=1) - 1, 0.0)
        rate = rate + rise / np.maximum((part * seen / below).sum(axis=1), 1e-12)
    found: Floats = wanted / (rate[:, None] * seen + weight)
    return found


def _sales(units: Floats, squares: Floats) -> Floats:
    """(n,) how many sales a variant's units stand for (Kish's effective size)."""
    squared = squares.sum(axis=1)
    sales: Floats = np.divide(units.sum(axis=1) ** 2, squared, out=np.zeros(len(units)), where=squared > 0)
    return sales


def _to_one(weights: Floats) -> Floats:
    total = weights.sum(axis=1, keepdims=True)
    shares: Floats = np.divide(weights, total, out=np.zeros_like(weights), where=total > 0)
    return shares
