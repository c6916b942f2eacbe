"""The admin page and App Bridge's stand-in: signed launch, grant screen, and the bridge in a real Chromium."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import parse_qsl, urlsplit

import jwt
import pytest
import requests
from playwright.sync_api import FrameLocator, Page, expect, sync_playwright

from devtools.chromium import ensure_chromium
from simulator.config import SimulatorConfig
from simulator.identity.id_token import sign_query
from simulator.serving import RunningSimulator, start
from tests.simulator.conftest import CLIENT_ID, CLIENT_SECRET, SHOP
from tests.simulator.stage import Stage

HOME = "/store/test-shop/apps/fluxor"


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    with Stage() as running:
        yield running


@pytest.fixture(scope="module")
def simulator(stage: Stage, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSimulator]:
    config = SimulatorConfig(
        state=tmp_path_factory.mktemp("state"),
        app_url=stage.url,
        client_id=CLIENT_ID,
        client_secret=CLIENT_SECRET,
        shop=SHOP,
        variants=5,
        years=0.1,
        orders_per_year=100,
    )
    with start(config) as running:
        stage.bridge = f"{running.url}/app-bridge.js"
        yield running


def call(running: RunningSimulator, action: str) -> None:
    requests.post(f"{running.url}/control/shops/{SHOP}/{action}", json={}, timeout=120).raise_for_status()


def test_the_launch_is_signed_as_shopify_signs(simulator: RunningSimulator, stage: Stage) -> None:
    url = requests.get(f"{simulator.url}/control/shops/{SHOP}/launch_url", timeout=120).json()["url"]
    assert url.startswith(f"{stage.url}/?")
    query = dict(parse_qsl(urlsplit(url).query))
    assert set(query) == {"embedded", "hmac", "host", "id_token", "locale", "session", "shop", "timestamp"}
    assert query["hmac"] == sign_query(CLIENT_SECRET, {k: v for k, v in query.items() if k != "hmac"})
    assert query["host"] == "YWRtaW4uc2hvcGlmeS5jb20vc3RvcmUvdGVzdC1zaG9w"
    assert (
        jwt.decode(query["id_token"], CLIENT_SECRET, ["HS256"], audience=CLIENT_ID)["dest"]
        == f"https://{SHOP}"
    )


def test_the_grant_screen_comes_first_and_calls_nobody(simulator: RunningSimulator, stage: Stage) -> None:
    stage.calls.clear()
    page = requests.get(simulator.url + HOME, timeout=120).text
    assert "read_inventory" in page
    assert "<iframe" not in page
    assert requests.post(f"{simulator.url}/store/test-shop/id_token", timeout=120).status_code == 403
    page = requests.post(f"{simulator.url}{HOME}/install", timeout=120).text
    assert "<iframe" in page
    assert not stage.calls
    call(simulator, "uninstall")
    assert "<iframe" not in requests.get(simulator.url + HOME, timeout=120).text


def test_id_tokens_are_not_for_other_sites(simulator: RunningSimulator) -> None:
    call(simulator, "install")
    headers = {"Sec-Fetch-Site": "cross-site"}
    assert (
        requests.post(f"{simulator.url}/store/test-shop/id_token", headers=headers, timeout=120).status_code
        == 403
    )


@pytest.fixture(scope="module")
def browser_page(simulator: RunningSimulator) -> Iterator[Page]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(ensure_chromium()), args=["--no-sandbox"])
        page = browser.new_page()
        page.set_default_timeout(60_000)
        yield page
        browser.close()


@pytest.fixture
def app(browser_page: Page, simulator: RunningSimulator, stage: Stage) -> FrameLocator:
    call(simulator, "install")
    stage.calls.clear()
    browser_page.goto(simulator.url + HOME)
    frame = browser_page.frame_locator("iframe.app")
    expect(frame.locator("h1")).to_have_text("Page /")
    return frame


def in_app(page: Page, script: str) -> object:
    frame = next(f for f in page.frames if f.name == "app-iframe")
    return frame.evaluate(script)


@pytest.mark.browser
def test_the_admin_shows_the_apps_navigation_and_its_links_carry_tokens(
    browser_page: Page, app: FrameLocator, stage: Stage, simulator: RunningSimulator
) -> None:
    entry = browser_page.locator("#entries a")
    expect(entry).to_have_text("Second page")
    app.locator("#go").click()
    expect(app.locator("h1")).to_have_text("Page /second")
    asked = stage.of("/second")[-1].query
    assert {"id_token", "shop", "host", "embedded", "tab"} <= set(asked)
    assert (
        jwt.decode(asked["id_token"], CLIENT_SECRET, ["HS256"], audience=CLIENT_ID)["dest"]
        == f"https://{SHOP}"
    )
    expect(browser_page).to_have_url(f"{simulator.url}{HOME}/second?tab=1")
    expect(browser_page).to_have_title("Page /second")
    expect(entry).to_have_attribute("aria-current", "page")
    browser_page.locator("#app-home").click()
    expect(app.locator("h1")).to_have_text("Page /")
    browser_page.reload()
    expect(app.locator("h1")).to_have_text("Page /")


@pytest.mark.browser
def test_fetch_and_xhr_carry_the_token_and_retry_once(
    browser_page: Page, app: FrameLocator, stage: Stage
) -> None:
    assert in_app(browser_page, "fetch('/data').then((r) => r.status)") == 200
    first = stage.of("/data")[-1]
    assert str(first.authorization).startswith("Bearer ey")
    assert first.language == "en"
    stage.refuse = 1
    assert in_app(browser_page, "fetch('/data', {method: 'POST', body: 'x'}).then((r) => r.status)") == 200
    stage.refuse = 2
    assert in_app(browser_page, "fetch('/data').then((r) => r.status)") == 401
    assert stage.refuse == 0
    xhr = """new Promise((done) => { const x = new XMLHttpRequest(); x.open("GET", "/data");
      x.onload = () => done(x.status); x.send(); })"""
    assert in_app(browser_page, xhr) == 200
    assert str(stage.of("/data")[-1].authorization).startswith("Bearer ey")


@pytest.mark.browser
def test_the_bounce_page_reloads_with_a_fresh_token(
    browser_page: Page, app: FrameLocator, stage: Stage
) -> None:
    in_app(browser_page, "location.assign('/patch?shopify-reload=%2Fsecond%3Ftab%3D2')")
    expect(app.locator("h1")).to_have_text("Page /second")
    asked = stage.of("/second")[-1].query
    assert asked["tab"] == "2"
    assert "id_token" in asked


@pytest.mark.browser
def test_toast_and_save_bar_are_the_admins(browser_page: Page, app: FrameLocator) -> None:
    in_app(browser_page, "shopify.toast.show('Settings saved')")
    expect(browser_page.locator("#toast")).to_have_text("Settings saved")
    bar = browser_page.locator("#savebar")
    expect(bar).to_be_hidden()
    app.locator("#days").fill("5")
    expect(bar).to_be_visible()
    browser_page.locator("#savebar-discard").click()
    expect(app.locator("#days")).to_have_value("1")
    expect(bar).to_be_hidden()
    app.locator("#days").fill("6")
    browser_page.locator("#savebar-save").click()
    expect(app.locator("#out")).to_have_text("saved")
    in_app(browser_page, "shopify.saveBar.show('bar')")
    expect(browser_page.locator("#savebar-save")).to_have_text("Keep")
    browser_page.locator("#savebar-save").click()
    expect(app.locator("#out")).to_have_text("kept")
    expect(bar).to_be_hidden()


@pytest.mark.browser
def test_staff_and_leaving_the_frame(
    browser_page: Page, app: FrameLocator, stage: Stage, simulator: RunningSimulator
) -> None:
    browser_page.locator("#staff").select_option("viewer@example.test")
    expect(browser_page).to_have_url(re.compile("staff=viewer"))
    expect(app.locator("h1")).to_have_text("Page /")
    token = in_app(browser_page, "shopify.idToken()")
    assert jwt.decode(str(token), CLIENT_SECRET, ["HS256"], audience=CLIENT_ID)["sub"] == "41000003"
    in_app(browser_page, f"void open('{simulator.url}/outbox', '_top')")
    expect(browser_page).to_have_url(f"{simulator.url}/outbox")
