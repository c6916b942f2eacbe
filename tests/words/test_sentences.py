"""Codes and numbers in words: one language after the other, and what an earlier release has stored."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

import pytest
from flask import Flask

from app.domain import purchasing as rules
from app.domain.demand.holidays import HOLIDAYS
from app.domain.forecasts import ENGINES
from app.domain.replenishment.ledger import CODES
from app.platform import i18n, passwords
from app.words import failures, forecasts, purchasing, replenishment


@pytest.fixture(autouse=True)
def _in_the_app(app: Flask) -> Iterator[None]:
    with app.app_context():
        yield


def test_a_reason_is_said_with_its_numbers() -> None:
    learnt = forecasts.reason("learnt share=75 closer=12")
    assert learnt.startswith("Learnt from all products of this shop (75 %)")
    assert learnt.endswith("; on the last weeks 12 % closer than the average alone")
    assert forecasts.reason("short days=1") == "Only 1 day of sales so far: treat this as a first guess"
    with i18n.speaking("de"):
        assert forecasts.reason("short days=12").startswith("Bisher nur 12 Tage")
        assert forecasts.reason("refused").startswith("Noch nicht genug")


@pytest.mark.parametrize("holiday", HOLIDAYS)
def test_a_holiday_that_is_over_is_named_behind_the_reason(holiday: str) -> None:
    assert forecasts.reason(f"average holiday={holiday}").startswith(forecasts.reason("average") + "; ")
    numbered = forecasts.reason(f"learnt share=75 closer=12 holiday={holiday}")
    assert "(75 %)" in numbered and numbered.endswith(", which its title names")
    with i18n.speaking("de"):
        assert numbered not in forecasts.reason(f"learnt share=75 closer=12 holiday={holiday}")
        assert "Titel" in forecasts.reason(f"average holiday={holiday}")


@pytest.mark.parametrize("engine", [name for name in ENGINES if name != "auto"])
def test_every_engine_that_can_be_chosen_has_its_reason(engine: str) -> None:
    assert " " in forecasts.reason(f"chosen_{engine}")


def test_a_product_that_prophet_found_no_fit_for_is_told_so() -> None:
    said = forecasts.reason("gave_up_prophet")
    assert said.endswith("Prophet could not be fitted to this product's sales")
    with i18n.speaking("de"):
        assert "Prophet ließ sich" in forecasts.reason("gave_up_prophet")


def test_what_an_earlier_release_stored_in_words_is_shown_as_it_is() -> None:
    assert forecasts.reason("Average of all days") == "Average of all days"
    assert replenishment.detail("demand", "14 days lead time") == "14 days lead time"


def test_every_line_of_the_ledger_has_its_words() -> None:
    assert set(replenishment.LABELS) == set(CODES)
    facts = {"lead_days": 14.0, "review_days": 1.0}
    assert replenishment.detail("demand", facts) == "14 days of lead time + 1 day to the next review"
    assert replenishment.detail("safety", {"percent": 97.5}) == "to cover demand with 97.5 % probability"
    assert replenishment.detail("case", {}) == ""
    override = {"kind": "units", "value": "1200.5", "until": "2026-12-24", "reason": "Fair"}
    assert replenishment.detail("override", override) == "1,200.5 units a day until 24 December 2026: Fair"
    with i18n.speaking("de"):
        assert replenishment.label("on_hand") == "Vorhanden"
        assert (
            replenishment.detail("override", override) == "1.200,5 Stück am Tag bis 24. Dezember 2026: Fair"
        )
        assert replenishment.override_value("percent", Decimal("-30")).startswith("−30 %")


def test_a_minimum_above_the_need_is_told_with_what_it_costs() -> None:
    facts = {"days": 2044.0, "accept": 310.5, "wait": 12.0, "cheaper": "wait", "currency": "USD"}
    assert replenishment.detail("moq", facts) == (
        "this order lasts about 5.6 years; taking more than is needed may cost $310.50,"
        " waiting for the next order $12.00: waiting costs less"
    )
    taken = replenishment.detail("moq", {**facts, "days": 40.2, "wait": 400.0, "cheaper": "accept"})
    assert taken.startswith("this order lasts about 40 days;") and taken.endswith("taking it costs less")
    unknown = {"days": None, "accept": None, "wait": None, "cheaper": "", "currency": "USD"}
    assert replenishment.detail("moq", unknown) == "no sales are expected that would use it up"
    with i18n.speaking("de"):
        assert "5,6 Jahre" in replenishment.detail("moq", facts)


def test_every_refusal_of_an_order_says_what_is_possible() -> None:
    for act in rules.ACTS:
        for status in rules.STATUSES:
            if not rules.may(status, act):
                assert len(purchasing.act_not_allowed(rules.ActNotAllowed(status, act))) > 30
    line = rules.LineUnits(30, received=12)
    assert purchasing.too_many_units(rules.TooManyUnits(19, line, "Beans")).startswith("Beans: Only 18 of 30")
    assert "fewer than 0" in purchasing.too_many_units(rules.TooManyUnits(-1, line))


def test_a_failure_on_record_is_said_in_the_readers_language() -> None:
    stored = "It could not be sent for a day: Mailgun answered 503."
    assert failures.said(stored) == stored
    assert failures.said("orders: Shopify answered 502.") == "Shopify answered 502."
    assert failures.said("Some other system's words") == "Some other system's words"
    assert failures.said(None) == ""
    with i18n.speaking("de"):
        assert failures.said(stored).endswith("Mailgun antwortete mit 503.")
        assert failures.said("The worker died.") == "Der Arbeitsprozess ist gestorben."


def test_the_rule_for_passwords_names_what_is_missing() -> None:
    assert passwords.problem("short") == "Use at least 8 characters, an upper-case letter and a number."
    assert passwords.problem("Longer123") is None
    with i18n.speaking("de"):
        assert passwords.problem("longer123") == "Verwenden Sie einen Großbuchstaben."
