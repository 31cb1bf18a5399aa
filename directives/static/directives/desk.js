// The desk: choose a row and see its source, and the reverse; several at once; by keyboard.
// Without this script links lead from a row to its source and back, and every act has its button.
"use strict";

const desk = {
  row: "", // of the row that is chosen, also after the page was read anew
  at: 0, // its place in the list, for when it is no longer there
  busy: false,
  quietUntil: 0, // while a pane moves to what was chosen, the other does not follow
};

const one = (selector) => document.querySelector(selector);
const rowsOf = () => [...document.querySelectorAll(".deskrow")];
const chosen = () => one(`.deskrow[data-row="${desk.row}"]`);
const sourceOf = (id) => one(`#b${id}`) || one(`.bit[data-row="${id}"]`);
const boxOf = (row) => row && row.querySelector("input[name=row]");
const still = matchMedia("(prefers-reduced-motion: reduce)");

// Scroll only the pane that the element is in, where panes scroll; else the page.
function show(element, pane) {
  if (!element) return;
  desk.quietUntil = performance.now() + 800;
  if (pane.scrollHeight > pane.clientHeight + 1 && getComputedStyle(pane).overflowY !== "visible") {
    const top = element.getBoundingClientRect().top - pane.getBoundingClientRect().top + pane.scrollTop;
    pane.scrollTo({ top: top - pane.clientHeight / 3, behavior: still.matches ? "auto" : "smooth" });
  } else {
    element.scrollIntoView({ block: "center" });
  }
}

const pane = (name) => one(name === "source" ? ".desksrc" : ".deskrows");
const isNarrow = () => getComputedStyle(one(".desktabs")).display !== "none";

function turnTo(name) {
  const radio = one(`.desktabs input[value=${name}]`);
  if (radio) radio.checked = true;
}

function mark(id) {
  for (const old of document.querySelectorAll(".desk .on")) old.classList.remove("on");
  const row = one(`.deskrow[data-row="${id}"]`);
  if (row) row.classList.add("on");
  for (const bit of document.querySelectorAll(`.bit[data-row="${id}"], .bit[data-rows~="${id}"]`)) bit.classList.add("on");
}

function choose(row, { source = true, scroll = true, focus = true } = {}) {
  if (!row) return;
  desk.row = row.dataset.row;
  desk.at = rowsOf().indexOf(row);
  mark(desk.row);
  if (focus) row.focus({ preventScroll: true });
  if (scroll) show(row, pane("rows"));
  if (source && !isNarrow()) show(sourceOf(desk.row), pane("source"));
}

function step(by) {
  const rows = rowsOf();
  const now = rows.indexOf(chosen());
  choose(rows[now < 0 ? 0 : Math.min(rows.length - 1, Math.max(0, now + by))]);
}

function count() {
  const boxes = rowsOf().map(boxOf);
  const ticked = boxes.filter((box) => box.checked).length;
  const all = one("[data-desk-all]");
  if (!all) return;
  one("[data-desk-count]").textContent = ticked;
  all.checked = ticked > 0 && ticked === boxes.length;
  all.indeterminate = ticked > 0 && ticked < boxes.length;
}

// An act of the bar on the ticked rows; by key, on the chosen row if none is ticked.
function act(name) {
  const form = one("#desk-act");
  if (!form || desk.busy) return;
  const row = chosen();
  if (!rowsOf().some((other) => boxOf(other).checked)) {
    if (!row) return;
    boxOf(row).checked = true;
  }
  send(form.querySelector(`button[name=act][value=${name}]`));
}

function send(button) {
  desk.busy = true;
  // A key may come before htmx has seen the form that it has just put here: the browser would send
  // it, and the row that is chosen would be forgotten with the page.
  htmx.process(button.form);
  button.click(); // htmx sends the button that was clicked
}

document.addEventListener("click", (event) => {
  const bit = event.target.closest(".bit[data-row], .bitgo");
  const single = event.target.closest("button[name=one]");
  const toSource = event.target.closest(".tosrc");
  const row = event.target.closest(".deskrow");
  if (bit) {
    const own = one(`.deskrow[data-row="${bit.dataset.row}"]`);
    if (!own) return;
    if (getSelection().toString()) return; // words are being selected
    event.preventDefault();
    turnTo("rows");
    choose(own, { source: false });
  } else if (single) {
    // htmx does not see a button outside its form
    event.preventDefault();
    choose(single.closest(".deskrow"), { scroll: false, source: false, focus: false });
    for (const other of rowsOf()) boxOf(other).checked = other === single.closest(".deskrow");
    send(one(`#desk-act button[value=${single.value.split(" ")[0]}]`));
  } else if (toSource && row) {
    event.preventDefault();
    desk.row = row.dataset.row;
    mark(desk.row);
    turnTo("source");
    show(sourceOf(desk.row), pane("source"));
  } else if (row && !event.target.closest("a, button, input, textarea, select, label, summary, .deskedit")) {
    choose(row, { scroll: false });
  }
});

document.addEventListener("change", (event) => {
  if (event.target.matches("[data-desk-all]")) for (const row of rowsOf()) boxOf(row).checked = event.target.checked;
  if (event.target.matches(".deskrow input[name=row], [data-desk-all]")) count();
});

// Words selected in the source go into the open field for a new row.
document.addEventListener("mouseup", () => {
  const words = getSelection();
  const field = one("[data-add]");
  if (!field || !words.rangeCount || !words.toString().trim()) return;
  const place = words.getRangeAt(0).commonAncestorContainer;
  if (!(place.nodeType === 1 ? place : place.parentElement).closest(".desksrc .src")) return;
  const piece = words.getRangeAt(0).cloneContents();
  for (const gone of piece.querySelectorAll("del, .ln, .tag, .bitgo")) gone.remove();
  field.value = piece.textContent.trim();
});

const KEYS = {
  j: () => step(1),
  arrowdown: () => step(1),
  k: () => step(-1),
  arrowup: () => step(-1),
  x: () => {
    const box = boxOf(chosen());
    if (box) box.click();
  },
  r: () => act("read"),
  d: () => act("directive"),
  s: () => act("statement"),
  h: () => act("heading"),
  u: () => {
    const form = one("#desk-undo");
    if (form && !desk.busy) send(form.querySelector("button"));
  },
  enter: () => {
    const row = chosen();
    if (row) row.querySelector("[data-open]").click();
  },
  "?": () => {
    const keys = one("#keys");
    keys.open = !keys.open;
  },
};

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  if (event.key === "Escape") {
    const open = event.target.closest(".deskedit");
    if (open) {
      const row = open.closest(".deskrow");
      open.textContent = "";
      choose(row, { source: false });
    }
    return;
  }
  if (event.target.closest("input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable]")) return;
  const key = event.key.toLowerCase();
  // Enter and the arrows mean what they always do on a link, a button or a choice.
  if (event.target.closest("a, button, summary, input") && (key === "enter" || key.startsWith("arrow"))) return;
  if (!KEYS[key] || !one("#desk")) return;
  event.preventDefault();
  KEYS[key]();
});

// Scrolling together: the pane that the person scrolls leads.
let leading = "";
for (const kind of ["pointerenter", "wheel", "touchstart", "focusin"]) {
  document.addEventListener(
    kind,
    (event) => {
      const over = event.target.closest && event.target.closest(".desksrc, .deskrows");
      if (over) leading = over.matches(".desksrc") ? "source" : "rows";
    },
    { capture: true, passive: true },
  );
}

function follow(event) {
  const from = event.target;
  if (!from.matches || !from.matches(".desksrc, .deskrows") || isNarrow()) return;
  if (performance.now() < desk.quietUntil) return;
  const isSource = from.matches(".desksrc");
  if (isSource !== (leading === "source") || !leading) return;
  const edge = from.getBoundingClientRect().top + 24;
  const list = [...from.querySelectorAll(isSource ? ".bitgo" : ".deskrow")];
  const top = list.find((element) => element.getBoundingClientRect().bottom > edge);
  if (!top) return;
  const other = isSource ? one(`.deskrow[data-row="${top.dataset.row}"]`) : sourceOf(top.dataset.row);
  const to = pane(isSource ? "rows" : "source");
  if (!other) return;
  const place = other.getBoundingClientRect().top - to.getBoundingClientRect().top + to.scrollTop;
  to.scrollTop = place - (top.getBoundingClientRect().top - from.getBoundingClientRect().top);
}

let waiting = false;
document.addEventListener(
  "scroll",
  (event) => {
    if (waiting) return;
    waiting = true;
    requestAnimationFrame(() => {
      waiting = false;
      follow(event);
    });
  },
  { capture: true, passive: true },
);

// The page is read anew after each act: keep what was chosen and where the panes stood.
let places = [];
document.addEventListener("htmx:beforeSwap", (event) => {
  if (event.detail.target.id !== "desk") return;
  places = [pane("rows"), pane("source")].map((each) => each && each.scrollTop);
  places.push(scrollY);
  const radio = one(".desktabs input[type=radio]:checked");
  places.push(radio && radio.value, one("#desk input[name=marks]").checked);
});
document.addEventListener("htmx:load", (event) => {
  const fresh = event.detail.elt;
  if (fresh.id === "desk") {
    desk.busy = false;
    const [rows, source, page, tab, marks] = places;
    turnTo(tab || "rows");
    one("#desk input[name=marks]").checked = marks !== false;
    if (pane("rows")) pane("rows").scrollTop = rows || 0;
    if (pane("source")) pane("source").scrollTop = source || 0;
    scrollTo(0, page || 0);
    const list = rowsOf();
    const row = chosen() || list[Math.min(desk.at, list.length - 1)];
    if (row) choose(row, { scroll: row.dataset.row !== desk.row, source: row.dataset.row !== desk.row });
    count();
  } else if (fresh.matches(".deskform")) {
    const field = fresh.querySelector("textarea, input:not([type=hidden])");
    if (field) field.focus();
  }
});
for (const kind of ["htmx:responseError", "htmx:sendError", "htmx:afterRequest"]) {
  document.addEventListener(kind, () => {
    desk.busy = false;
  });
}

const first = location.hash.startsWith("#d") ? one(location.hash) : null;
if (first) choose(first);
count();
