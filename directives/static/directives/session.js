// The end of a session: told in time, and nothing typed is lost by it. Without this script each page still works.
(() => {
"use strict";

const KEPT_DAYS = 7; // for which words are kept in this browser
const box = document.getElementById("session");
const person = document.body.dataset.person || "";
const draftOf = (form) => `draft:${person}:${form.dataset.draft}`;

// A sign-in in another tab gives the browser a new token: what is sent from here carries the one that holds now.
const token = () => (document.cookie.match(/(?:^|; )csrftoken=([^;]+)/) || [])[1];

document.addEventListener("htmx:configRequest", (event) => {
  if (token()) event.detail.headers["X-CSRFToken"] = token();
  if (token() && event.detail.parameters.csrfmiddlewaretoken) event.detail.parameters.csrfmiddlewaretoken = token();
  if (person) event.detail.headers["X-Person"] = person;
  // htmx hands headers down: what a person presses within a part that asks by itself is their own act.
  if (!(event.detail.elt.getAttribute("hx-headers") || "").includes("X-By-Itself")) delete event.detail.headers["X-By-Itself"];
});

document.addEventListener("submit", (event) => {
  const field = event.target.elements.namedItem("csrfmiddlewaretoken");
  if (field && token()) field.value = token();
}, true);

// A browser may keep nothing (private windows, a full store): then the words are on the page alone.
function stored(act) {
  try {
    return act(localStorage);
  } catch {
    return null;
  }
}

// When the session ends

let idleAt = 0; // if nothing more is done
let lastAt = 0; // in any case
let over = false;

const ends = () => Math.min(idleAt, lastAt);

function goOn() {
  idleAt = Date.now() + box.dataset.idle * 1000;
  over = false;
  stored((store) => store.setItem(`session:${person}`, String(idleAt)));
  look();
}

function show(which) {
  box.hidden = !which;
  for (const part of box.querySelectorAll("[data-when]")) {
    part.hidden = part.dataset.when !== which;
    const said = part.querySelector("b");
    said.dataset.words ??= said.textContent;
    if (!part.hidden) said.textContent = said.dataset.words.replace("{minutes}", Math.max(1, Math.ceil((ends() - Date.now()) / 60000)));
  }
}

function look() {
  const left = ends() - Date.now();
  const early = Math.min(5 * 60000, (box.dataset.idle * 1000) / 3);
  if (over || left <= 0) show("over");
  else if (left > early) show("");
  else show(lastAt < idleAt ? "last" : "soon");
}

function hasEnded() {
  over = true;
  look();
}

async function stay() {
  try {
    const headers = { "X-CSRFToken": token() || "", "X-Person": person, "HX-Request": "true" };
    const answer = await fetch(box.dataset.stay, { method: "POST", headers });
    if (answer.status === 401) return hasEnded();
    if (!answer.ok) return;
    lastAt = Date.now() + answer.headers.get("X-Session-Left") * 1000;
    goOn();
  } catch {
    look(); // no network: it is said when the next thing is sent
  }
}

if (box) {
  lastAt = Date.now() + box.dataset.last * 1000;
  goOn();
  setInterval(look, 5000);
  box.querySelector("[data-go-on]").addEventListener("click", stay);
  box.querySelector("[data-again]").addEventListener("click", (event) => {
    keepAll();
    window.wordsAreKept = true;
    event.target.href = `${box.dataset.signIn}?next=${encodeURIComponent(location.pathname + location.search)}`;
  });
  // Another tab in which somebody works keeps this one open, too.
  addEventListener("storage", (event) => {
    if (event.key !== `session:${person}` || !event.newValue) return;
    idleAt = Math.max(idleAt, Number(event.newValue));
    over = false;
    look();
  });
  document.addEventListener("htmx:afterRequest", (event) => {
    const asked = event.detail.requestConfig;
    if (event.detail.xhr.status === 401) hasEnded();
    else if (event.detail.successful && !asked.headers["X-By-Itself"]) goOn();
  });
}

// Words that are being typed, kept for their person and form until the server has them

function fieldsOfForm(form) {
  return [...form.elements].filter((one) => one.name && !["hidden", "file", "submit", "button"].includes(one.type));
}

const unsent = new Set(); // forms with words that are not kept yet

function valuesOf(form) {
  const values = {};
  for (const field of fieldsOfForm(form)) {
    if (field.type === "radio" || field.type === "checkbox") {
      if (field.checked) values[field.name] = field.value;
    } else values[field.name] = field.value;
  }
  return values;
}

function keep(form, sent) {
  const marks = {};
  for (const name of ["version", "idempotency_key"]) marks[name] = form.elements.namedItem(name)?.value;
  const words = JSON.stringify({ at: Date.now(), values: valuesOf(form), marks, sent });
  stored((store) => store.setItem(draftOf(form), words));
  unsent.delete(form);
}

function keepAll() {
  for (const form of unsent) keep(form, false);
}

const drop = (name) => stored((store) => store.removeItem(name));
const draftForm = (element) => {
  const form = element.form || element.closest?.("form");
  return form && person && form.dataset.draft ? form : null;
};

let pause = 0;
document.addEventListener("input", (event) => {
  const form = draftForm(event.target);
  if (!form) return;
  unsent.add(form);
  clearTimeout(pause);
  pause = setTimeout(keepAll, 300);
});
addEventListener("pagehide", keepAll);
addEventListener("visibilitychange", keepAll);

document.addEventListener("htmx:beforeRequest", (event) => {
  const form = draftForm(event.target);
  if (form) form.dataset.sentWords = JSON.stringify(valuesOf(form));
});
document.addEventListener("htmx:afterRequest", (event) => {
  const form = event.detail.successful && draftForm(event.target);
  if (!form || form.dataset.sentWords !== JSON.stringify(valuesOf(form))) return;
  unsent.delete(form);
  drop(draftOf(form));
});

// A form that leaves the page: whether the server has it is known by the page that comes next.
document.addEventListener("submit", (event) => {
  const form = draftForm(event.target);
  if (form && !form.hasAttribute("hx-post")) keep(form, true);
  if ((event.target.getAttribute("action") || "").endsWith("/accounts/logout/")) for (const name of drafts()) drop(name);
});

function drafts() {
  const mine = person ? `draft:${person}:` : "draft:";
  return stored((store) => Object.keys(store).filter((name) => name.startsWith(mine))) || [];
}

function settleDrafts() {
  for (const name of drafts()) {
    const draft = stored((store) => JSON.parse(store.getItem(name)));
    if (!draft || Date.now() - draft.at > KEPT_DAYS * 86400000) drop(name);
    else if (draft.sent && person) drop(name); // a page that answers it: stored, or given back in the form
    else if (draft.sent) stored((store) => store.setItem(name, JSON.stringify({ ...draft, sent: false }))); // the sign-in page
  }
}

function putBack(form, draft) {
  for (const field of fieldsOfForm(form)) {
    if (field.type === "radio" || field.type === "checkbox") field.checked = draft.values[field.name] === field.value;
    else if (field.name in draft.values) field.value = draft.values[field.name];
  }
  for (const [name, value] of Object.entries(draft.marks)) {
    const field = form.elements.namedItem(name);
    if (field && value) field.value = value; // who changed it meanwhile is seen, and what was stored is not stored twice
  }
}

function offer(form) {
  const draft = stored((store) => JSON.parse(store.getItem(draftOf(form))));
  if (!draft) return;
  const now = valuesOf(form);
  if (Object.entries(draft.values).every(([name, value]) => (now[name] ?? "") === value)) return drop(draftOf(form));
  const line = document.createElement("div");
  line.className = "notice warn kept";
  line.setAttribute("role", "status");
  const said = line.appendChild(document.createElement("span"));
  said.textContent = box.dataset.offer.replace("{time}", new Date(draft.at).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" }));
  const acts = line.appendChild(document.createElement("span"));
  acts.className = "acts";
  for (const [words, act] of [[box.dataset.take, () => { putBack(form, draft); form.requestSubmit(); }], [box.dataset.drop, () => drop(draftOf(form))]]) {
    const button = acts.appendChild(document.createElement("button"));
    button.type = "button";
    button.className = "btn";
    button.textContent = words;
    button.addEventListener("click", () => { line.remove(); act(); });
  }
  (form.closest("[data-entry]")?.querySelector("td") ?? form).prepend(line);
}

settleDrafts();
if (box) document.querySelectorAll("form[data-draft]").forEach(offer);
})();
