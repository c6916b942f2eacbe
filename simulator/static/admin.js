// The admin page's side of the bridge: answers the app's frame, and only it.
(() => {
  "use strict";
  const settings = JSON.parse(document.getElementById("settings").textContent);
  const byId = (id) => document.getElementById(id);
  const frame = byId("app");
  const home = `/store/${settings.handle}/apps/${settings.appHandle}`;
  const staff = settings.staff ? `staff=${encodeURIComponent(settings.staff)}` : "";
  // Parameters that Shopify adds to a launch; they never show in the admin's address.
  const LAUNCH = ["embedded", "hmac", "host", "id_token", "locale", "session", "shop", "timestamp"];
  let saveBar = null;
  let toastTimer = 0;

  const send = (message) => frame.contentWindow.postMessage({ simulatedBridge: 1, ...message }, settings.appOrigin);

  async function post(path, body) {
    const answer = await fetch(path, {
      method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body ?? {}),
    });
    const content = await answer.json();
    if (!answer.ok) throw new Error(content.errors ?? answer.statusText);
    return content;
  }

  function showPath({ path, search }) {
    const query = new URLSearchParams(search);
    LAUNCH.forEach((name) => query.delete(name));
    if (staff) query.set("staff", settings.staff);
    const tail = path === "/" ? "" : path;
    history.replaceState(null, "", home + tail + (query.size ? `?${query}` : ""));
    for (const link of document.querySelectorAll("#nav a[data-path]")) {
      if (new URL(link.dataset.path, settings.appUrl).pathname === path) link.setAttribute("aria-current", "page");
      else link.removeAttribute("aria-current");
    }
  }

  function showNav(links) {
    const entries = links.filter((link) => link.rel !== "home").map((link) => {
      const a = document.createElement("a");
      a.textContent = link.label;
      a.dataset.path = link.href;
      a.href = home + link.href;
      return a;
    });
    byId("entries").replaceChildren(...entries);
  }

  function showToast({ message, isError, duration }) {
    const toast = byId("toast");
    toast.textContent = message;
    toast.className = isError ? "toast error" : "toast";
    toast.hidden = false;
    clearTimeout(toastTimer);
    toastTimer = setTimeout(() => { toast.hidden = true; }, duration ?? 5000);
  }

  function showSaveBar({ id, visible, save, discard }) {
    saveBar = visible ? id : saveBar === id ? null : saveBar;
    byId("savebar").hidden = saveBar === null;
    byId("savebar-save").textContent = save || "Save";
    byId("savebar-discard").textContent = discard || "Discard";
  }

  function leave(url) {
    // Only web addresses and the admin's own places: never script.
    const target = url.startsWith("shopify://admin")
      ? new URL(`/store/${settings.handle}${url.slice("shopify://admin".length)}`, location.origin)
      : new URL(url, settings.appUrl);
    if (!["http:", "https:"].includes(target.protocol)) throw new Error(`cannot open ${target.protocol}`);
    location.assign(target.href);
  }

  function askForScopes(wanted) {
    const dialog = byId("grant");
    byId("grant-scopes").textContent = wanted.join(", ");
    dialog.showModal();
    return new Promise((resolve) => {
      const done = (yes) => { dialog.close(); resolve(yes); };
      byId("grant-yes").onclick = () => done(true);
      byId("grant-no").onclick = () => done(false);
      dialog.oncancel = () => resolve(false);
    });
  }

  const actions = {
    idToken: async () => (await post(`/store/${settings.handle}/id_token${staff ? `?${staff}` : ""}`)).id_token,
    config: () => ({ shop: settings.shop, host: btoa(`admin.shopify.com/store/${settings.handle}`).replace(/=+$/, ""), locale: "en" }),
    location: showPath,
    nav: showNav,
    toast: showToast,
    hideToast: () => { byId("toast").hidden = true; },
    saveBar: showSaveBar,
    hasSaveBar: () => saveBar !== null,
    loading: (on) => { byId("progress").hidden = !on; },
    title: (text) => { document.title = text; },
    leave,
    scopes: () => post(`${home}/scopes`),
    requestScopes: async (wanted) => {
      const granted = await askForScopes(wanted);
      return { result: granted ? "granted-all" : "declined-all", detail: await post(`${home}/scopes`, granted ? { grant: wanted } : {}) };
    },
    revokeScopes: async (unwanted) => ({ detail: await post(`${home}/scopes`, { revoke: unwanted }) }),
  };

  addEventListener("message", async (event) => {
    if (event.origin !== settings.appOrigin || event.source !== frame.contentWindow) return;
    const { simulatedBridge, id, type, payload } = event.data ?? {};
    if (simulatedBridge !== 1 || !Object.hasOwn(actions, type)) return;
    try {
      const result = await actions[type](payload);
      send({ answerTo: id, result });
    } catch (error) {
      send({ answerTo: id, error: error.message });
    }
  });

  byId("savebar-save").addEventListener("click", () => send({ type: "saveBarAction", payload: { id: saveBar, action: "save" } }));
  byId("savebar-discard").addEventListener("click", () => send({ type: "saveBarAction", payload: { id: saveBar, action: "discard" } }));
  byId("nav").addEventListener("click", (event) => {
    const link = event.target.closest("a[data-path]");
    if (!link || event.metaKey || event.ctrlKey) return;
    event.preventDefault();
    byId("admin").classList.remove("open");
    send({ type: "navigate", payload: link.dataset.path });
  });
  byId("menu").addEventListener("click", () => {
    const open = byId("admin").classList.toggle("open");
    byId("menu").setAttribute("aria-expanded", String(open));
  });
  byId("staff").addEventListener("change", (event) => event.target.form.submit());
  // A new document in the frame starts without the bars of the one before.
  frame.addEventListener("load", () => { saveBar = null; byId("savebar").hidden = true; byId("progress").hidden = true; });
  // The frame is loaded only now, so that nothing it says is missed.
  frame.src = settings.launch;
})();
