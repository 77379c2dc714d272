// Live pages, choosing, dialogs, keys. Reading needs none of it.
(() => {
  "use strict";
  const one = (selector, root = document) => root.querySelector(selector);
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const said = (node, n) => node.dataset.said.replace("{n}", n);
  const picks = () => all("#rows .pick");
  const picked = () => picks().filter((box) => box.checked);

  // What somebody opened, ticked or wrote is theirs: no update takes it back.
  Idiomorph.defaults.callbacks.beforeAttributeUpdated = (name, node) =>
    !((name === "open" && node.matches("details, dialog")) || (name === "checked" && node.matches(".pick, #all")) ||
      (name === "class" && node.matches("tr.fresh")) || (name === "hidden" && node.matches("#waiting")));

  // --- choosing ---
  const showPicked = () => {
    const count = picked().length;
    const bulk = one("#bulk");
    if (!bulk) return;
    bulk.hidden = count === 0;
    one("#picked").textContent = said(one("#picked"), count);
    const every = one("#all");
    if (every) every.checked = count > 0 && count === picks().length;
    all("#rows tr").forEach((row) => row.classList.toggle("chosen", !!one(".pick:checked", row)));
  };
  document.addEventListener("change", (event) => {
    if (event.target.id === "all") picks().forEach((box) => { box.checked = event.target.checked; });
    if (event.target.matches("#all, .pick")) showPicked();
  });
  const chooseNone = () => { picks().forEach((box) => { box.checked = false; }); showPicked(); };

  // --- what is new waits while a hand is on the table ---
  let pointer = false;
  const isHeld = () => pointer || picked().length > 0 || !!one("dialog[open]");
  document.addEventListener("pointerover", (event) => { pointer = event.pointerType === "mouse" && !!event.target.closest("#rows"); });
  document.addEventListener("pointerleave", () => { pointer = false; });
  let asked = false;
  const refresh = () => { asked = true; htmx.trigger("#live", "tocsin:changed"); };
  const hold = (text) => {
    const fresh = new DOMParser().parseFromString(text, "text/html");
    let waiting = 0;
    for (const row of all("#rows tbody tr", fresh)) {
      const here = document.getElementById(row.id);
      if (here) Idiomorph.morph(here, row.outerHTML, { morphStyle: "outerHTML" });
      else waiting += 1;
    }
    const ids = new Set(all("#rows tbody tr", fresh).map((row) => row.id));
    all("#rows tbody tr").forEach((row) => row.classList.toggle("gone", !ids.has(row.id)));
    for (const id of ["counts", "foot"]) {
      const [here, there] = [document.getElementById(id), fresh.getElementById(id)];
      if (here && there) Idiomorph.morph(here, there.outerHTML, { morphStyle: "outerHTML" });
    }
    const button = one("#waiting");
    if (button && waiting) { button.hidden = false; button.textContent = said(button, waiting); }
    showPicked();
  };
  document.addEventListener("htmx:beforeSwap", (event) => {
    if (event.detail.target.id !== "live") return;
    if (event.detail.xhr.status !== 200) { event.detail.shouldSwap = false; return; }
    if (asked || !one("#rows") || !isHeld()) { asked = false; const button = one("#waiting"); if (button) button.hidden = true; return; }
    event.detail.shouldSwap = false;
    hold(event.detail.serverResponse);
  });
  document.addEventListener("htmx:afterSettle", () => { showPicked(); markFresh(); });

  // --- new since you looked ---
  const SEEN = "tocsin.seen";
  let seen = 0;
  try { seen = Number(localStorage.getItem(SEEN)) || 0; } catch { /* no storage: nothing is new */ }
  const markFresh = () => {
    if (seen) all("#rows tbody tr").forEach((row) => row.classList.toggle("fresh", Number(row.dataset.newest) > seen));
  };
  const looked = () => { if (one("#rows, .calm")) try { localStorage.setItem(SEEN, Math.floor(Date.now() / 1000)); } catch { /* as above */ } };
  addEventListener("pagehide", looked);

  // --- the stream: a hidden page has none, for a browser opens only six to one place ---
  let stream = null;
  const listen = () => {
    if (stream || document.hidden || !one("#live")) return;
    stream = new EventSource("/live");
    stream.addEventListener("hello", () => { one("#stale").hidden = true; });
    stream.addEventListener("changed", () => htmx.trigger("#live", "tocsin:changed"));
    stream.addEventListener("error", () => { one("#stale").hidden = false; });
  };
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) { looked(); stream?.close(); stream = null; return; }
    try { seen = Number(localStorage.getItem(SEEN)) || 0; } catch { /* as above */ }
    htmx.trigger("#live", "tocsin:changed");
    listen();
  });

  // --- deeds ---
  const ask = (deed, id) => {
    const given = new URLSearchParams();
    if (id) given.append("id", id);
    else picked().forEach((box) => given.append(box.name, box.value));
    if (![...given].length) return;
    const q = new URLSearchParams(location.search).get("q");
    if (q) given.append("q", q);
    htmx.ajax("GET", `/dialog/${deed}?${given}`, { target: "#dialog", swap: "innerHTML" });
  };
  document.addEventListener("htmx:afterSwap", (event) => {
    if (event.detail.target.id !== "dialog") return;
    if (!event.detail.target.open) event.detail.target.showModal();
    (one("[name=users]", event.detail.target) ?? one("textarea", event.detail.target))?.focus();
  });
  document.addEventListener("htmx:afterRequest", (event) => {
    if (event.detail.elt.matches("#dialog form") && event.detail.xhr.status < 400) { one("#dialog").close(); chooseNone(); }
  });
  document.addEventListener("click", (event) => {
    const button = event.target.closest("button, [data-finder]");
    if (!button) return;
    if (button.dataset.deed) ask(button.dataset.deed, button.dataset.id);
    if ("close" in button.dataset) button.closest("dialog").close();
    if (button.id === "waiting") { chooseNone(); refresh(); }
    if (button.id === "none") chooseNone();
  });

  // --- keys ---
  const rows = () => all("#rows tbody tr");
  const current = () => document.activeElement?.closest("#rows tbody tr");
  const go = (step) => {
    const list = rows();
    const at = list.indexOf(current());
    const next = list[at < 0 ? (step > 0 ? 0 : list.length - 1) : Math.min(list.length - 1, Math.max(0, at + step))];
    one("a", next)?.focus();
  };
  const act = (deed) => {
    const alert = one("[data-deed][data-id]");
    if (alert) return ask(deed, alert.dataset.id);
    const box = current() && one(".pick", current());
    if (!picked().length && box) { box.checked = true; showPicked(); }
    ask(deed);
  };
  const keys = {
    j: () => go(1), k: () => go(-1), a: () => act("ack"), s: () => act("shield"), n: refresh,
    x: () => { const box = current() && one(".pick", current()); if (box) box.click(); },
    "/": () => { one("#q")?.focus(); one("#q")?.select(); },
    "?": () => one("#keys").showModal(),
  };
  document.addEventListener("keydown", (event) => {
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") { event.preventDefault(); location.assign("/find"); return; }
    if (event.ctrlKey || event.metaKey || event.altKey || one("dialog[open]")) return;
    if (event.target.closest("textarea, select, input:not([type=checkbox])")) return;
    const deed = keys[event.key];
    if (deed) { event.preventDefault(); deed(); }
  });

  document.addEventListener("DOMContentLoaded", () => { showPicked(); markFresh(); listen(); });
})();
