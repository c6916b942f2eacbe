"""The guide shows the pictures that the command makes, all of them and no others, and none is large."""

from __future__ import annotations

import re
from collections import defaultdict
from typing import Any, cast

from devtools import pictures
from devtools.paths import ROOT


def made() -> set[str]:
    """The names of the pictures that `python -m devtools.pictures` makes."""
    scene = pictures.Scene(cast(Any, None), defaultdict(str))
    return {picture.name for picture in scene.pictures()}


def test_the_guide_shows_what_is_made() -> None:
    shown = set(re.findall(r"\(images/([\w-]+)\.png\)", (ROOT / "docs" / "guide.md").read_text()))
    assert shown == made()
    in_readme = set(re.findall(r"\(docs/images/([\w-]+)\.png\)", (ROOT / "README.md").read_text()))
    assert in_readme <= made()


def test_the_pictures_are_there_and_small() -> None:
    files = {file.stem: file.stat().st_size for file in pictures.FOLDER.glob("*.png")}
    assert set(files) == made()
    assert {name for name, size in files.items() if size > pictures.LARGEST} == set()
