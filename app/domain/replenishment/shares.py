"""Which part of a product's demand arises at which location, shrunk towards the store's own shares."""

from __future__ import annotations

import numpy as np

from app.domain.arrays import Bools, Floats

LEAST_SALES = 20.0  # sales of the whole store whose location is known; with fewer nothing is said
# How many sales of its own weigh as much as the store's shares: between "believe the product" and "all alike".
LEAST_WEIGHT, MOST_WEIGHT = 0.5, 500.0


def shares_of_demand(units: Floats, squares: Floats, stocked: Bools) -> Floats | None:
    """(n, K) shares that sum to 1 over the locations where each variant is stocked, 0 elsewhere; None: too few sales.

    `units` (n, K) is what was sold at each location, `squares` the sum of the squared units of those sales.
    Estimator: p = (units·e + κ·P) ÷ (total·e + κ), the mean of p when the locations of sales are multinomial and p
    differs between products by a Dirichlet law around the store's shares P (Mosimann 1962). Units of one sale go
    to one location together, so that a product counts as n = (Σ units)² ÷ Σ squares sales (Kish 1965), e = n ÷ total.
    κ comes from the store itself, see `own_weight`. A variant stocked nowhere has zeros.
    """
    if _sales(units, squares).sum() < LEAST_SALES:
        return None
    store = (units.sum(axis=0) + 0.5) / (units.sum() + 0.5 * units.shape[1])
    base = np.where(stocked, store, 0.0)
    base = _to_one(base)
    here = np.where(stocked, units, 0.0)
    sales, total = _sales(here, np.where(stocked, squares, 0.0)), here.sum(axis=1)
    own = np.divide(here, total[:, None], out=np.zeros_like(here), where=total[:, None] > 0) * sales[:, None]
    weight = own_weight(own, base)
    return _to_one(np.where(stocked, own + weight * base, 0.0))


def own_weight(sales: Floats, base: Floats) -> float:
    """κ: how many sales of its own weigh as much as `base`, (n, K) the shares that a product has unless it differs.

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


def _sales(units: Floats, squares: Floats) -> Floats:
    """(n,) how many sales a variant's units stand for (Kish's effective size)."""
    squared = squares.sum(axis=1)
    sales: Floats = np.divide(units.sum(axis=1) ** 2, squared, out=np.zeros(len(units)), where=squared > 0)
    return sales


def _to_one(weights: Floats) -> Floats:
    total = weights.sum(axis=1, keepdims=True)
    shares: Floats = np.divide(weights, total, out=np.zeros_like(weights), where=total > 0)
    return shares
