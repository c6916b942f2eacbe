// What the pages need beyond htmx: charts, toasts, and a word when a request gets no answer.
"use strict";

const token = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--p-color-${name}`).trim();

const language = document.documentElement.lang === "en" ? "en-GB" : document.documentElement.lang;
const words = JSON.parse(document.documentElement.dataset.words || "{}");
const say = (text) => words[text] ?? text;

const dayAndMonth = new Intl.DateTimeFormat(language, { day: "numeric", month: "short", timeZone: "UTC" });
const shortDay = (text) => dayAndMonth.format(new Date(`${text.slice(0, 10)}T00:00:00Z`));

function axes(extra = {}) {
  const grid = { color: token("border-secondary") };
  const ticks = { color: token("text-secondary"), maxRotation: 0, autoSkipPadding: 16 };
  return { x: { grid: { display: false }, ticks, ...extra.x }, y: { beginAtZero: true, grid, ticks: { ...ticks, precision: 0 }, ...extra.y } };
}

function options(extra = {}) {
  return {
    animation: false, responsive: true, maintainAspectRatio: false, interaction: { mode: "index", intersect: false },
    plugins: { legend: { display: false } }, ...extra,
  };
}

const line = (label, data, color, extra = {}) =>
  ({ label, data, borderColor: color, backgroundColor: color, borderWidth: 2, pointRadius: 0, pointHitRadius: 8, tension: 0, ...extra });

const builders = {
  trend: ({ labels, units, weekly }) => ({
    type: "line",
    data: { labels: labels.map(shortDay), datasets: [line(weekly ? say("Units in the week") : say("Units"), units, token("bg-fill-emphasis"))] },
    options: options({ scales: axes() }),
  }),
  levels: ({ labels, products }) => ({
    type: "bar",
    data: { labels, datasets: [{ label: say("Products"), data: products, backgroundColor: token("bg-fill-emphasis"), borderRadius: 4, maxBarThickness: 22 }] },
    options: options({ indexAxis: "y", scales: { x: { ...axes().y }, y: { grid: { display: false }, ticks: { color: token("text") } } } }),
  }),
  projection: ({ days, early, middle, late }) => {
    const band = token("bg-fill-info");
    const edge = { borderWidth: 0, pointRadius: 0 };
    const sets = [
      line(say("Stock expected"), middle, token("bg-fill-emphasis")),
      line(say("Range from"), early, band, edge),
      line(say("Range of 8 in 10 cases"), late, band, { ...edge, fill: "-1" }),
    ];
    const legend = { display: true, labels: { boxHeight: 2, boxWidth: 20, color: token("text"), filter: (item) => item.text !== say("Range from") } };
    return { type: "line", data: { labels: days.map(shortDay), datasets: sets }, options: options({ scales: axes(), plugins: { legend } }) };
  },
  forecast: ({ history, forecast }) => {
    const coming = forecast ?? { days: [], mean: [], low: [], high: [] };
    const before = history.days.map(() => null);
    const band = token("bg-fill-info");
    const edge = { borderWidth: 0, pointRadius: 0 };
    const sets = [line(say("Sold"), [...history.units, ...coming.days.map(() => null)], token("text-secondary"), { borderWidth: 1.5 })];
    if (forecast) {
      sets.push(line(say("Expected"), [...before, ...coming.mean], token("bg-fill-emphasis")));
      sets.push(line(say("Range from"), [...before, ...coming.low], band, edge));
      sets.push(line(say("Range of 8 in 10 days"), [...before, ...coming.high], band, { ...edge, fill: "-1" }));
    }
    const labels = [...history.days, ...coming.days].map(shortDay);
    const legend = { display: true, labels: { boxHeight: 2, boxWidth: 20, color: token("text"), filter: (item) => item.text !== say("Range from") } };
    return { type: "line", data: { labels, datasets: sets }, options: options({ scales: axes(), plugins: { legend } }) };
  },
};

function drawCharts() {
  if (!window.Chart) return;
  Object.values(Chart.instances).filter((chart) => !chart.canvas?.isConnected).forEach((chart) => chart.destroy());
  for (const canvas of document.querySelectorAll("canvas[data-chart]")) {
    if (Chart.getChart(canvas)) continue;
    Chart.defaults.locale = language;
    Chart.defaults.font.family = getComputedStyle(document.body).fontFamily;
    new Chart(canvas, builders[canvas.dataset.chart](JSON.parse(canvas.dataset.series)));
  }
}

// Inside the admin App Bridge draws the toast; elsewhere the page does.
function showToast(message) {
  if (window.shopify?.toast) {
    window.shopify.toast.show(message);
    return;
  }
  const toast = document.createElement("p");
  toast.className = "toast";
  toast.textContent = message;
  document.getElementById("toasts")?.append(toast);
  setTimeout(() => toast.remove(), 5000);
}

function noAnswer(event) {
  const place = document.getElementById("problem");
  // A poll that goes unanswered tries again by itself; only what somebody asked for needs a word.
  const asked = event.detail.ctx?.sourceEvent?.type;
  if (!place || asked === "every" || event.detail.ctx?.response) return;
  const line = document.createElement("p");
  line.className = "error";
  line.textContent = say("There was no answer. Check your connection and try again.");
  place.replaceChildren(line);
}

// On a phone the rows of an index table are laid out as cards, which makes browsers forget that they are a table.
const roles = { table: "table", thead: "rowgroup", tbody: "rowgroup", tr: "row", td: "cell", "thead th": "columnheader", "tbody th": "rowheader" };
function nameTableParts() {
  for (const [part, role] of Object.entries(roles)) {
    document.querySelectorAll(part === "table" ? "table.index" : `table.index ${part}`).forEach((element) => element.setAttribute("role", role));
  }
}

function refresh() {
  document.querySelectorAll(".table-block:has([data-bulk])").forEach(countPicked);
  drawCharts();
  nameTableParts();
}

document.addEventListener("DOMContentLoaded", refresh);
document.addEventListener("htmx:after:swap", refresh);
document.addEventListener("toast", (event) => showToast(event.detail.message));
document.addEventListener("htmx:error", noAnswer);
document.addEventListener("htmx:before:request", (event) => {
  if (event.detail.ctx.sourceEvent?.type !== "every") document.getElementById("problem")?.replaceChildren();
});
// Ticking rows of a list opens the form that changes them; it says how many are ticked.
function countPicked(block) {
  const bulk = block?.querySelector("[data-bulk]");
  if (!bulk) return;
  const boxes = [...block.querySelectorAll("[name=variant]")];
  const picked = boxes.filter((one) => one.checked).length;
  const all = block.querySelector("[data-pick-all]");
  all.checked = picked === boxes.length;
  all.indeterminate = picked > 0 && !all.checked;
  bulk.hidden = picked === 0;
  if (picked && bulk.hasAttribute("hx-get") && !bulk.dataset.asked) {
    bulk.dataset.asked = "yes";
    htmx.trigger(bulk, "picked");
  }
  const words = bulk.querySelector("[data-picked] strong");
  if (words) words.textContent = picked.toLocaleString(document.documentElement.lang);
}

document.addEventListener("change", (event) => {
  const block = event.target.closest(".table-block");
  if (event.target.matches("[data-pick-all]")) {
    block.querySelectorAll("[name=variant]").forEach((one) => { one.checked = event.target.checked; });
  }
  if (event.target.matches("[data-pick-all], [name=variant]")) countPicked(block);
});

document.addEventListener("click", (event) => {
  if (event.target.closest?.("[data-pick-none]")) {
    const block = event.target.closest(".table-block");
    block.querySelectorAll("[name=variant]").forEach((one) => { one.checked = false; });
    countPicked(block);
  }
  const button = event.target.closest?.(".menu-button");
  if (button) button.setAttribute("aria-expanded", button.getAttribute("aria-expanded") === "false");
});
