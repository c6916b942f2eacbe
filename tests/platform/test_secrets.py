"""Sealing, rotation, and links that end."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.platform.secrets import CannotUnseal, LinkRefused, LinkSigner, TokenCipher

OLD, NEW = ("old", b"o" * 32), ("new", b"n" * 32)


@given(st.text(max_size=200))
def test_what_is_sealed_opens_again(plain: str) -> None:
    cipher = TokenCipher([NEW])
    assert cipher.unseal(cipher.seal(plain, context="a"), context="a") == plain


def test_the_plain_text_is_not_in_the_sealed_one_and_no_two_are_alike() -> None:
    cipher = TokenCipher([NEW])
    first, second = (cipher.seal("shpat_secret", context="a") for _ in range(2))
    assert "shpat" not in first
    assert first != second


def test_another_context_does_not_open() -> None:
    cipher = TokenCipher([NEW])
    with pytest.raises(CannotUnseal):
        cipher.unseal(cipher.seal("x", context="store:1"), context="store:2")


def test_an_old_key_still_opens_and_asks_for_rotation() -> None:
    sealed = TokenCipher([OLD]).seal("x", context="a")
    rotated = TokenCipher([NEW, OLD])
    assert rotated.unseal(sealed, context="a") == "x"
    assert rotated.needs_rotation(sealed)
    assert not rotated.needs_rotation(rotated.seal("x", context="a"))


def test_a_lost_key_is_named() -> None:
    sealed = TokenCipher([OLD]).seal("x", context="a")
    with pytest.raises(CannotUnseal, match="'old'"):
        TokenCipher([NEW]).unseal(sealed, context="a")


@given(st.integers(min_value=0), st.characters())
def test_a_changed_letter_does_not_open(place: int, letter: str) -> None:
    cipher = TokenCipher([NEW])
    key, _, body = cipher.seal("a secret", context="a").partition(".")
    letters = list(body)
    letters[place % len(letters)] = letter
    if "".join(letters) != body:
        with pytest.raises(CannotUnseal):
            cipher.unseal(f"{key}.{''.join(letters)}", context="a")


@pytest.mark.parametrize(
    "respelled",
    [
        lambda body: body.replace("-", "+").replace("_", "/"),
        lambda body: body + "=",
        lambda body: body[:5] + "*" + body[5:],
    ],
)
def test_another_spelling_of_the_same_bytes_does_not_open(respelled: Callable[[str], str]) -> None:
    cipher = TokenCipher([NEW])
    sealed = next(s for _ in range(200) if {"-", "_"} <= set(s := cipher.seal("x" * 60, context="a")))
    key, _, body = sealed.partition(".")
    with pytest.raises(CannotUnseal):
        cipher.unseal(f"{key}.{respelled(body)}", context="a")


def test_links_open_for_their_purpose_and_time_only() -> None:
    link = LinkSigner("s" * 40, purpose="report").sign({"store": 1})
    assert LinkSigner("s" * 40, purpose="report").open(link, max_age_seconds=60) == {"store": 1}
    with pytest.raises(LinkRefused, match="not valid"):
        LinkSigner("s" * 40, purpose="other").open(link, max_age_seconds=60)
    with pytest.raises(LinkRefused, match="expired"):
        LinkSigner("s" * 40, purpose="report").open(link, max_age_seconds=-1)
