// What somebody does before htmx has read the page is kept, and done as soon as it has. A form sent by then would
// leave the page by itself, without its ID token, and all that the merchant saw would be a refused page.
"use strict";

(() => {
  const repeat = (field, event) => field.dispatchEvent(new Event(event.type, { bubbles: true }));
  const again = {
    submit: (form, event) => form.requestSubmit(event.submitter),
    click: (button) => button.click(),
    change: repeat,
    input: repeat,
  };
  // By kind and element: pressing twice asks once, and leaving a field does not undo what was typed into it.
  const kept = new Map(Object.keys(again).map((type) => [type, new Map()]));

  function keep(event) {
    const element = event.type === "click" ? event.target.closest?.("button") : event.target;
    if (!element?.matches?.("[hx-get], [hx-post]") || element.hasAttribute("data-htmx-powered")) return;
    event.preventDefault();
    kept.get(event.type).set(element, event);
  }

  function replay() {
    for (const [type, events] of kept) {
      const asked = [...events];
      events.clear();
      for (const [element, event] of asked) if (element.isConnected) again[type](element, event);
    }
  }

  for (const type of kept.keys()) document.addEventListener(type, keep, true);
  document.addEventListener("htmx:after:process", replay);
  addEventListener("load", () => {
    if (window.htmx) return;
    const words = JSON.parse(document.documentElement.dataset.words || "{}");
    const text = "A part of this page did not load. Reload it.";
    const line = document.createElement("p");
    line.className = "error";
    line.textContent = words[text] ?? text;
    document.getElementById("problem")?.replaceChildren(line);
  });
})();
