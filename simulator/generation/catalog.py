"""The generated catalogue: products with options, odd SKUs, gift cards, launches, leavers."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from simulator.generation.names import FIRST, KINDS, SECOND, VENDORS


@dataclass
class Item:
    """One variant to be."""

    product: int
    title: str
    options: list[str]
    sku: str
    barcode: str | None
    price: int
    unit_cost: int | None
    position: int
    tracked: bool = True
    policy: str = "DENY"
    gift_card: bool = False
    # Days, relative to the history's first day, between which the variant sells.
    born: int = 0
    gone: int = 10**6
    status: str = "ACTIVE"


@dataclass
class Group:
    """One product to be."""

    title: str
    kind: str
    vendor: str
    option: str
    tags: list[str]
    season: int
    status: str = "ACTIVE"
    gift_card: bool = False
    born: int = 0
    items: list[int] = field(default_factory=list)


@dataclass
class Catalogue:
    """Products and variants, by index."""

    groups: list[Group]
    items: list[Item]

    def vendor_numbers(self) -> tuple[np.ndarray, np.ndarray]:
        """Mean and standard deviation of each variant's lead time, in days."""
        table = {name: (mean, sd) for name, mean, sd in VENDORS}
        found = [table.get(self.groups[item.product].vendor, (14.0, 3.0)) for item in self.items]
        return np.array([f[0] for f in found], float), np.array([f[1] for f in found], float)


def make_catalogue(variants: int, days: int, random: np.random.Generator) -> Catalogue:
    """A catalogue of exactly `variants` variants in about 60 % as many products."""
    catalogue = Catalogue([], [])
    while len(catalogue.items) < variants:
        _add_group(catalogue, variants - len(catalogue.items), days, random)
    _odd_skus(catalogue, random)
    return catalogue


def _add_group(catalogue: Catalogue, room: int, days: int, random: np.random.Generator) -> None:
    number = len(catalogue.groups)
    if number % 200 == 7:
        _add_gift_card(catalogue, room, number)
        return
    kind, nouns, price, option, options, vendor, season = KINDS[int(random.integers(len(KINDS)))]
    words = [str(random.choice(choice)) for choice in (FIRST, SECOND, nouns)]
    title = " ".join(words)
    draw = random.random()
    size = 1 if draw < 0.6 else min(len(options), int(random.integers(2, 5)))
    group = Group(title, kind, VENDORS[vendor][0], option if size > 1 else "Title", [kind.lower()], season)
    fate = random.random()
    gone = 10**6
    if fate < 0.05:  # launched in the last weeks
        group.born = days - int(random.integers(3, 40))
        group.tags.append("new")
    elif fate < 0.15:  # launched some time within the history
        group.born = int(random.integers(days // 4, max(days - 60, days // 4 + 1)))
    elif fate < 0.20:  # sold out for good, archived
        gone, group.status = int(random.integers(days // 2, days - 20)), "ARCHIVED"
    elif fate < 0.22:  # never published
        gone, group.status = 0, "DRAFT"
    catalogue.groups.append(group)
    base = int(price * random.lognormal(0, 0.35) / 100) * 100 + 90
    tracked = random.random() > 0.02
    policy = "CONTINUE" if random.random() < 0.05 else "DENY"
    for position in range(min(size, room)):
        group.items.append(len(catalogue.items))
        label = options[position] if size > 1 else "Default Title"
        cost = int(base * float(random.uniform(0.35, 0.55))) if random.random() > 0.03 else None
        catalogue.items.append(
            Item(
                number,
                label,
                [label],
                f"{kind[:3].upper()}-{1000 + number}-{label[:3].upper()}"
                if size > 1
                else f"{kind[:3].upper()}-{1000 + number}",
                f"40{random.integers(10**10, 10**11):011d}",
                base,
                cost,
                position + 1,
                tracked,
                policy,
                False,
                group.born,
                gone,
                group.status,
            )
        )


def _add_gift_card(catalogue: Catalogue, room: int, number: int) -> None:
    group = Group(
        "Gift Card", "Gift Card", "Fluxor Demo", "Denominations", ["gift-card"], 345, gift_card=True
    )
    catalogue.groups.append(group)
    for position, euros in enumerate((25, 50, 100)[:room]):
        group.items.append(len(catalogue.items))
        catalogue.items.append(
            Item(
                number,
                f"{euros}.00",
                [f"{euros}.00"],
                "",
                None,
                euros * 100,
                None,
                position + 1,
                tracked=False,
                policy="CONTINUE",
                gift_card=True,
            )
        )


def _odd_skus(catalogue: Catalogue, random: np.random.Generator) -> None:
    """Some SKUs are missing, some are used twice, as in real shops."""
    for item in catalogue.items:
        draw = random.random()
        if draw < 0.01:
            item.sku = ""
        elif draw < 0.02:
            item.sku = catalogue.items[int(random.integers(len(catalogue.items)))].sku
