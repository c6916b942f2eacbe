"""Accounts and stores by JSON: the same rules as on the pages."""

from __future__ import annotations

from app.platform import sessions
from tests.blueprints.api.conftest import Api
from tests.people import ORIGIN, PASSWORD, address, bearer, join, make_shop, make_user, post_box, work


def credentials(email: str, password: str = PASSWORD) -> dict[str, str]:
    return {"email": email, "password": password}


def test_sign_up_confirm_me(api: Api) -> None:
    client, email = api.client(), address()
    with post_box(api.app) as box:
        asked = {**credentials(email), "password_confirmation": PASSWORD}
        answer = client.post("/api/auth/signup", json=asked)
        assert (answer.status_code, answer.json["success"]) == (202, True)
        assert client.post("/api/auth/signup", json=asked).json == answer.json
        assert client.post("/api/auth/login", json=credentials(email)).status_code == 401
        work(api.app)
    bad = client.post("/api/auth/confirm", json={"token": box.link(), "password": "Wrong 1 horse"})
    assert bad.status_code == 401
    good = client.post("/api/auth/confirm", json={"token": box.link(), "password": PASSWORD})
    assert good.status_code == 200 and good.json["store_id"] is None
    me = client.get("/api/auth/me", headers=bearer(good.json["token"])).json
    assert (me["user"]["name"], me["store_id"], me["permissions"]) == (email, None, [])
    assert client.post("/api/auth/confirm", json={"token": "x", "password": PASSWORD}).status_code == 403


def test_sign_up_names_the_wrong_field_and_never_repeats_a_password(api: Api) -> None:
    asked = {"email": "nobody", "password": "weakling", "password_confirmation": "other"}
    answer = api.client().post("/api/auth/signup", json=asked)
    assert answer.status_code == 422
    assert {error["field"] for error in answer.json["errors"]} == {"email", "password"}
    assert "weakling" not in answer.text
    differ = {**credentials(address()), "password_confirmation": "Other 1 horse"}
    assert "differ" in api.client().post("/api/auth/signup", json=differ).text


def test_login_gives_a_token_and_the_same_in_a_cookie(api: Api) -> None:
    client = api.app.test_client()
    answer = client.post("/api/auth/login", json=credentials(api.emails["viewer"]))
    assert (answer.status_code, answer.json["store_id"]) == (200, api.store_id)
    assert client.get_cookie("fluxor_session").value == answer.json["token"]
    assert answer.headers["Cache-Control"] == "no-store"
    me = client.get("/api/auth/me").json
    assert (me["role"], me["store_id"]) == ("viewer", api.store_id)
    assert "alerts:read" in me["permissions"] and "alerts:manage" not in me["permissions"]


def test_known_and_unknown_addresses_are_told_the_same(api: Api) -> None:
    wrong = "Wrong horse 1"
    answers = [
        api.client().post("/api/auth/login", json=credentials(email, wrong))
        for email in (api.emails["owner"], address())
    ]
    for answer in answers:
        answer.json.pop("reference")
    assert answers[0].status_code == answers[1].status_code == 401
    assert answers[0].json == answers[1].json or answers[0].json["detail"] == answers[1].json["detail"]


def test_guessing_is_slowed(api: Api) -> None:
    wrong = credentials(make_user(api.app)[1], "Wrong horse 1")
    statuses = [api.client().post("/api/auth/login", json=wrong).status_code for _ in range(6)]
    assert statuses == [401] * 5 + [429]


def test_logout_ends_the_token(api: Api) -> None:
    _, email = make_user(api.app)
    token = api.client().post("/api/auth/login", json=credentials(email)).json["token"]
    assert api.client().post("/api/auth/logout", headers=bearer(token)).status_code == 200
    assert api.client().get("/api/auth/me", headers=bearer(token)).status_code == 401
    first, second = (
        api.client().post("/api/auth/login", json=credentials(email)).json["token"] for _ in range(2)
    )
    api.client().post("/api/auth/logout?everywhere=true", headers=bearer(first))
    assert api.client().get("/api/auth/me", headers=bearer(second)).status_code == 401


def test_writes_by_cookie_need_a_header_that_no_other_site_can_send(api: Api) -> None:
    client = api.app.test_client()
    client.post("/api/auth/login", json=credentials(api.emails["owner"]))
    here = {"Origin": ORIGIN}
    assert client.post("/api/alerts/send", headers=here).status_code == 403
    assert client.post("/api/alerts/send", headers={**here, "X-Requested-With": "fetch"}).status_code == 202
    foreign = {"Origin": "https://evil.example", "X-Requested-With": "fetch"}
    assert client.post("/api/alerts/send", headers=foreign).status_code == 403


def test_choosing_among_ones_stores(api: Api) -> None:
    user_id, email = make_user(api.app)
    stores = [make_shop(api.app, name=name)[0] for name in ("First", "Second")]
    for store_id in stores:
        join(api.app, user_id, store_id, "viewer")
    token = api.client().post("/api/auth/login", json=credentials(email)).json["token"]
    listed = api.client().get("/api/shopify/stores", headers=bearer(token)).json
    assert [store["name"] for store in listed["items"]] == ["First", "Second"]
    assert listed["current_store_id"] == stores[1]  # the one connected last
    chosen = api.client().post(f"/api/shopify/stores/{stores[0]}/select", headers=bearer(token)).json
    moved = api.client().get("/api/auth/me", headers=bearer(chosen["token"])).json
    assert moved["store_id"] == stores[0]
    other = api.client().post(f"/api/shopify/stores/{api.store_id}/select", headers=bearer(token))
    assert other.status_code == 404


def test_authorize_leads_to_the_shop_and_nowhere_else(api: Api) -> None:
    answer = api.get("/api/shopify/authorize?shop=demo", "homeless")
    url = answer.json["authorization_url"]
    assert url.startswith("https://demo.myshopify.com/admin/oauth/authorize?")
    assert "redirect_uri=http%3A%2F%2Ffluxor.test%2Fapi%2Fshopify%2Fcallback" in url
    assert "fluxor_connect=" in answer.headers["Set-Cookie"]
    for shop in ("evil.com", "demo.myshopify.com.evil.com", ""):
        assert api.get(f"/api/shopify/authorize?shop={shop}", "homeless").status_code == 404
    assert api.get("/api/shopify/callback?code=1&shop=demo.myshopify.com", "homeless").status_code == 422
    forged = "code=1&shop=demo.myshopify.com&state=x&timestamp=1&hmac=x"
    refused = api.get(f"/api/shopify/callback?{forged}", "homeless")
    assert (refused.status_code, refused.mimetype) == (400, "application/problem+json")


def test_inside_the_admin_the_id_token_is_enough(api: Api) -> None:
    from app.platform import db
    from tests.signing import id_token

    with api.app.app_context():
        shop = db.rows("SELECT shop FROM stores WHERE id = :id", id=api.store_id)[0].shop
    admin = bearer(id_token(shop, user="12"))
    me = api.client().get("/api/auth/me", headers=admin).json
    assert (me["role"], me["user"]["id"], me["shop"]) == ("manager", None, shop)
    assert api.client().get("/api/inventory", headers=admin).json["total"] == len(api.product_ids)
    assert api.client().get("/api/shopify/stores", headers=admin).json["items"] == []
    asked = api.client().get("/api/shopify/authorize?shop=demo.myshopify.com", headers=admin)
    assert asked.status_code == 401  # the token is for another shop; a shop in the admin needs no connecting
    assert sessions.ISSUER not in str(me)
