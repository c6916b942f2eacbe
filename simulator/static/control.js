// The control page: turns each form into a call of the JSON control API and shows the answer.
(() => {
  "use strict";
  const shop = () => document.getElementById("shop").value;
  const number = (text) => (text === "" || text === undefined ? undefined : Number(text));
  const yes = (text) => text === "yes";
  const line = (f) => ({ sku: f.sku, quantity: number(f.quantity) });
  // How the fields of a form become the JSON of its call.
  const shapes = {
    orders: (f) => ({ lines: [line(f)], at: f.at || undefined, fulfill: yes(f.fulfill), test: yes(f.test) }),
    fulfill: (f) => ({ order_id: number(f.order_id) }),
    refund: (f) => ({ order_id: number(f.order_id), restock: yes(f.restock), lines: f.sku ? [line(f)] : undefined }),
    cancel: (f) => ({ order_id: number(f.order_id), restock: yes(f.restock) }),
    edit: (f) => ({
      order_id: number(f.order_id),
      change: f.sku ? [{ sku: f.sku, delta: number(f.delta) }] : undefined,
      add: f.add_sku ? [{ sku: f.add_sku, quantity: number(f.quantity) }] : undefined,
    }),
    delete_order: (f) => ({ order_id: number(f.order_id) }),
    stock: (f) => ({
      sku: f.sku, location_id: number(f.location_id),
      ...(f.mode === "change by" ? { name: f.name, delta: number(f.units) } : { [f.name]: number(f.units) }),
    }),
    transfer: (f, kind) => (kind === "receive" ? { receive: number(f.receive) ?? true } : { lines: [line(f)], arrives_at: f.arrives_at || undefined }),
    product: (f, kind) => (kind === "delete" ? { delete: number(f.delete) } : { title: f.title, skus: f.sku ? [f.sku] : undefined, stock: number(f.stock), price: number(f.price) }),
    live: (f) => ({ days: number(f.days), seed: number(f.seed), orders_per_day: number(f.orders_per_day) }),
    scopes: (f) => ({ scopes: f.scopes.split(",").map((s) => s.trim()).filter(Boolean) }),
    clock: (f) => ({ advance_seconds: number(f.hours) * 3600 }),
    faults: (f) => ({ kind: f.kind, rate: number(f.rate), count: number(f.count), seconds: number(f.seconds), operation: f.operation || undefined, topic: f.topic || undefined, shop: shop() }),
    shops: (f) => ({ shop: f.shop, variants: number(f.variants), years: number(f.years) }),
  };

  async function call(path, method = "GET", body = undefined) {
    const answer = await fetch(path, { method, headers: { "Content-Type": "application/json" }, body: body && JSON.stringify(body) });
    return { ok: answer.ok, content: await answer.json() };
  }

  function show({ ok, content }) {
    const pre = document.createElement("pre");
    pre.className = `answer ${ok ? "good" : "bad"}`;
    pre.textContent = ok ? JSON.stringify(content, null, 1) : content.errors;
    document.getElementById("answer").replaceChildren(pre);
    document.getElementById("shop").scrollIntoView({ block: "nearest" });
  }

  const row = (cells) => {
    const tr = document.createElement("tr");
    tr.append(...cells.map((text) => Object.assign(document.createElement("td"), { textContent: text ?? "" })));
    return tr;
  };

  async function refresh() {
    const { content: log } = await call("/control/deliveries?limit=40");
    document.getElementById("deliveries").replaceChildren(...log.deliveries.map((d) =>
      row([new Date(d.triggered_at * 1000).toISOString(), `${d.topic} (${d.shop})`, d.status, d.attempts, d.answer])));
    const { content } = await call("/control/faults");
    document.getElementById("faults").replaceChildren(...content.faults.map((f) =>
      row([f.kind, `rate ${f.rate}`, f.count === null ? "no end" : `${f.count} times`, `${f.happened} so far`, f.shop ?? "all shops"])));
  }

  document.addEventListener("submit", async (event) => {
    event.preventDefault();
    const form = event.target;
    const { action, global, kind } = form.dataset;
    const fields = Object.fromEntries(new FormData(form));
    const body = (shapes[action ?? global] ?? ((f) => f))(fields, kind);
    const button = form.querySelector("button");
    button.disabled = true;
    show(await call(global ? `/control/${global}` : `/control/shops/${shop()}/${action}`, "POST", body));
    button.disabled = false;
    if (global === "shops" || global === "clock") setTimeout(() => location.reload(), 1200);
    refresh();
  });
  document.getElementById("lift").addEventListener("click", async () => { show(await call("/control/faults", "DELETE")); refresh(); });
  for (const link of document.querySelectorAll("a[data-truth]")) {
    link.addEventListener("click", () => { link.href = `/control/shops/${shop()}/truth/${link.dataset.truth}.csv`; });
  }
  refresh();
  setInterval(refresh, 3000);
})();
