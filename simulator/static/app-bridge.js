// A stand-in for Shopify's App Bridge, written for the simulator: the same names, the same visible behaviour,
// spoken with the simulated admin page by postMessage. Load it first in <head> with data-api-key.
(() => {
  "use strict";
  if (window.shopify) return;
  const script = document.currentScript;
  const adminOrigin = new URL(script.src).origin;
  const apiKey = script.dataset.apiKey ?? document.querySelector("meta[name=shopify-api-key]")?.content ?? "";
  const given = new URLSearchParams(location.search);
  const embedded = window.parent !== window;
  const config = { apiKey, shop: given.get("shop") ?? "", host: given.get("host") ?? "", locale: given.get("locale") ?? "en" };
  const waiting = new Map();
  let lastId = 0;

  // -- speaking with the admin page

  function ask(type, payload) {
    if (!embedded) return Promise.reject(new Error(`shopify.${type}: this page is not inside the Shopify admin`));
    const id = ++lastId;
    window.parent.postMessage({ simulatedBridge: 1, id, type, payload }, adminOrigin);
    return new Promise((resolve, reject) => waiting.set(id, { resolve, reject }));
  }
  const tell = (type, payload) => { if (embedded) ask(type, payload).catch((error) => console.error(error)); };

  addEventListener("message", (event) => {
    if (event.origin !== adminOrigin || event.source !== window.parent || event.data?.simulatedBridge !== 1) return;
    const { answerTo, result, error, type, payload } = event.data;
    if (answerTo) {
      const { resolve, reject } = waiting.get(answerTo) ?? {};
      waiting.delete(answerTo);
      if (error === undefined) resolve?.(result);
      else reject?.(new Error(error));
    } else if (type === "saveBarAction") {
      saveBarAction(payload);
    } else if (type === "navigate") {
      navigate(new URL(payload, location.origin));
    }
  });

  const idToken = () => ask("idToken");

  // -- documents: same-origin navigations carry a fresh ID token

  async function signed(url) {
    const [token, facts] = await Promise.all([idToken(), config.shop && config.host ? config : ask("config")]);
    const target = new URL(url, location.href);
    const fresh = { embedded: "1", host: facts.host, id_token: token, locale: config.locale, shop: facts.shop };
    for (const name of ["hmac", "session", "timestamp"]) target.searchParams.delete(name);
    for (const [name, value] of Object.entries(fresh)) target.searchParams.set(name, value);
    return target.href;
  }

  async function navigate(url) {
    tell("loading", true);
    location.assign(await signed(url));
  }

  const isOwn = (url) => url.origin === location.origin;
  const isWeb = (url) => url.protocol === "http:" || url.protocol === "https:";

  function followed(event) {
    if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    const link = event.composedPath().find((node) => node instanceof Element && node.matches("a[href], s-link[href], s-button[href], s-clickable[href]"));
    if (!link || link.hasAttribute("download")) return;
    const href = link.getAttribute("href");
    const target = link.getAttribute("target") || "_self";
    const url = new URL(href, location.href);
    const fragment = url.hash && url.href.split("#")[0] === location.href.split("#")[0];
    if (target === "_blank" || fragment) return;
    if (url.protocol === "shopify:" || target === "_top" || target === "_parent") {
      event.preventDefault();
      tell("leave", url.href);
    } else if (isOwn(url) && isWeb(url) && target === "_self") {
      event.preventDefault();
      navigate(url);
    }
  }

  const plainOpen = window.open;
  window.open = (url = "", target = "", features) => {
    const wanted = new URL(url, location.href);
    if (wanted.protocol === "shopify:" || target === "_top" || target === "_parent") {
      tell("leave", wanted.href);
      return null;
    }
    if (target === "_self" && isOwn(wanted)) {
      navigate(wanted);
      return window;
    }
    return plainOpen.call(window, url, target, features);
  };

  // The bounce page has ?shopify-reload=PATH: load that with a fresh token.
  const reload = given.get("shopify-reload");
  if (reload !== null && embedded) {
    const target = new URL(reload, location.origin);
    if (isOwn(target)) signed(target).then((url) => location.replace(url));
    else console.error("shopify-reload leads to another origin and was not followed");
  }

  // -- fetch and XMLHttpRequest to the app itself carry the ID token

  const plainFetch = window.fetch;
  window.fetch = async (input, init) => {
    const request = new Request(input, init);
    if (!isOwn(new URL(request.url)) || request.headers.has("Authorization") || !embedded) return plainFetch.call(window, request);
    const attempt = async (original) => {
      const headers = new Headers(original.headers);
      headers.set("Authorization", `Bearer ${await idToken()}`);
      if (!headers.has("Accept-Language")) headers.set("Accept-Language", config.locale);
      return plainFetch.call(window, new Request(original, { headers }));
    };
    const spare = request.clone();
    let answer = await attempt(request);
    if (answer.status === 401 && answer.headers.get("X-Shopify-Retry-Invalid-Session-Request") === "1") answer = await attempt(spare);
    const elsewhere = answer.headers.get("X-Shopify-API-Request-Failure-Reauthorize-Url");
    if (elsewhere && (answer.status === 401 || answer.status === 403)) tell("leave", new URL(elsewhere, location.href).href);
    return answer;
  };

  const { open: xhrOpen, send: xhrSend, setRequestHeader: xhrHeader } = XMLHttpRequest.prototype;
  const own = new WeakMap();
  XMLHttpRequest.prototype.open = function (method, url, asynchronous = true, ...rest) {
    own.set(this, asynchronous && embedded && isOwn(new URL(url, location.href)));
    return xhrOpen.call(this, method, url, asynchronous, ...rest);
  };
  XMLHttpRequest.prototype.setRequestHeader = function (name, value) {
    if (name.toLowerCase() === "authorization") own.set(this, false);
    return xhrHeader.call(this, name, value);
  };
  XMLHttpRequest.prototype.send = function (body) {
    if (!own.get(this)) return xhrSend.call(this, body);
    idToken().then((token) => {
      xhrHeader.call(this, "Authorization", `Bearer ${token}`);
      xhrHeader.call(this, "Accept-Language", config.locale);
      xhrSend.call(this, body);
    }, (error) => { console.error(error); this.dispatchEvent(new ProgressEvent("error")); });
    return undefined;
  };

  // -- the admin's navigation

  const NAV = "ui-nav-menu, s-app-nav";
  function readNav() {
    const menu = document.querySelector(NAV);
    if (!menu) return;
    const links = [...menu.querySelectorAll("a[href], s-link[href]")].map((link) => {
      const url = new URL(link.getAttribute("href"), location.origin);
      return { label: link.textContent.trim(), href: url.pathname + url.search, rel: link.getAttribute("rel") ?? "" };
    });
    tell("nav", links);
  }

  // -- save bar: <ui-save-bar id> with its two buttons, or <form data-save-bar>

  const bars = new Map();
  function saveBarAction({ id, action }) {
    const bar = bars.get(id);
    if (bar) bar[action]();
  }
  function showBar(id, visible, parts) {
    if (visible && parts) bars.set(id, parts);
    tell("saveBar", { id, visible, save: parts?.saveLabel, discard: parts?.discardLabel });
  }
  class SaveBar extends HTMLElement {
    get parts() {
      const buttons = [...this.querySelectorAll("button")];
      const save = buttons.find((b) => b.getAttribute("variant") === "primary") ?? buttons[0];
      const discard = buttons.find((b) => b !== save);
      return { save: () => save?.click(), discard: () => discard?.click(), saveLabel: save?.textContent.trim(), discardLabel: discard?.textContent.trim() };
    }
    get showing() { return this.hasAttribute("open"); }
    async show() {
      this.toggleAttribute("open", true);
      showBar(this.id || "save-bar", true, this.parts);
      this.dispatchEvent(new Event("show"));
    }
    async hide() {
      this.toggleAttribute("open", false);
      showBar(this.id || "save-bar", false);
      this.dispatchEvent(new Event("hide"));
    }
    async toggle() { return this.showing ? this.hide() : this.show(); }
  }
  customElements.define("ui-save-bar", SaveBar);
  const barElement = (id) => {
    const bar = document.getElementById(id);
    if (!(bar instanceof SaveBar)) throw new Error(`there is no <ui-save-bar id="${id}">`);
    return bar;
  };

  let formCount = 0;
  const formIds = new WeakMap();
  function watchForm(event) {
    const form = event.target.closest?.("form[data-save-bar]");
    if (!form) return;
    if (!formIds.has(form)) formIds.set(form, `form-${++formCount}`);
    const id = formIds.get(form);
    if (event.type === "input" || event.type === "change") {
      showBar(id, true, { save: () => form.requestSubmit(), discard: () => form.reset() });
    } else {
      showBar(id, false);
    }
  }
  for (const type of ["input", "change", "submit", "reset"]) document.addEventListener(type, watchForm, true);

  // -- what apps use

  window.shopify = {
    config, idToken, origin: adminOrigin, ready: Promise.resolve(),
    environment: { embedded, mobile: matchMedia("(max-width: 720px)").matches, intent: false },
    loading: (on = true) => tell("loading", Boolean(on)),
    toast: {
      show: (message, options = {}) => { tell("toast", { message: String(message), isError: Boolean(options.isError), duration: options.duration }); return String(++lastId); },
      hide: () => tell("hideToast"),
    },
    saveBar: {
      show: async (id) => barElement(id).show(),
      hide: async (id) => barElement(id).hide(),
      toggle: async (id) => barElement(id).toggle(),
      leaveConfirmation: async () => { if (await ask("hasSaveBar") && !confirm("Leave without saving?")) throw new Error("the merchant stays"); },
    },
    navigation: { navigate: (url) => navigate(new URL(url, location.href)) },
    scopes: {
      query: () => ask("scopes"),
      request: (wanted) => ask("requestScopes", [...wanted]),
      revoke: (unwanted) => ask("revokeScopes", [...unwanted]),
    },
  };

  const style = document.createElement("style");
  style.textContent = `${NAV}, ui-save-bar, ui-title-bar { display: none !important; }`;
  document.head.append(style);
  document.addEventListener("click", followed);
  const tellPlace = () => {
    if (reload !== null) return;
    tell("location", { path: location.pathname, search: location.search });
    if (document.title) tell("title", document.title);
  };
  for (const name of ["pushState", "replaceState"]) {
    const plain = history[name];
    history[name] = function (...args) { plain.apply(this, args); tellPlace(); };
  }
  addEventListener("popstate", tellPlace);
  addEventListener("pageshow", tellPlace);
  addEventListener("DOMContentLoaded", () => {
    readNav();
    new MutationObserver((changes) => {
      if (changes.some((c) => c.target.closest?.(NAV) || [...c.addedNodes].some((n) => n.matches?.(NAV)))) readNav();
    }).observe(document.documentElement, { childList: true, subtree: true, attributes: true, attributeFilter: ["href"] });
    tellPlace();
  });
})();
