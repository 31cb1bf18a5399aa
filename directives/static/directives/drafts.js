// Words that are being typed, kept in this browser for their person and form until the server has them.
// Every form that is posted is kept, unless it says data-no-draft; never passwords or files. Without this script each page still works.
(() => {
"use strict";

const KEPT_DAYS = 7;
const RETRY = 15000; // milliseconds between two tries while the server does not answer
const AWAY = [0, 502, 503, 504]; // statuses after which a form is sent again by itself
const UNKEPT = ["hidden", "file", "password", "submit", "button", "image", "reset"];
const ROWS = /-(TOTAL|INITIAL|MIN_NUM|MAX_NUM)_FORMS$/; // how many rows a formset of Django has
const LONG = 500; // characters: a hidden field of more is no mark of what its reader saw
const session = document.getElementById("session");
const person = session ? session.dataset.person : "";
const said = document.getElementById("drafts");
const here = location.pathname + location.search;
const opening = `${Date.now().toString(36)}${Math.random().toString(36).slice(2, 8)}`; // two tabs keep words of their own

// What a form holds

const fieldsOf = (form) => [...form.elements].filter((one) => one.name && one.matches("input, textarea, select") && !UNKEPT.includes(one.type));
const hiddenOf = (form) => [...form.elements].filter((one) => one.type === "hidden" && one.name && one.name !== "csrfmiddlewaretoken");
const isBox = (field) => field.type === "radio" || field.type === "checkbox";

function chosen(select, initial) {
  const options = [...select.options];
  const marked = options.filter((one) => (initial ? one.defaultSelected : one.selected));
  return marked.length || select.multiple ? marked : options.filter((one) => !one.disabled).slice(0, 1);
}

// Name → values, as typed or as the page came. Two fields of one name keep their order.
function valuesOf(form, initial) {
  const values = {};
  for (const field of fieldsOf(form)) {
    const list = values[field.name] = values[field.name] || [];
    if (field.tagName === "SELECT") list.push(...chosen(field, initial).map((one) => one.value));
    else if (!isBox(field)) list.push(initial ? field.defaultValue : field.value);
    else if (initial ? field.defaultChecked : field.checked) list.push(field.value);
  }
  return values;
}

const wordsOf = (form) => JSON.stringify(valuesOf(form));

// What the reader saw when they typed: versions, and the key by which what was stored is not stored twice.
function marksOf(form) {
  const marks = {};
  for (const field of hiddenOf(form)) if (field.value.length < LONG) (marks[field.name] = marks[field.name] || []).push(field.value);
  return marks;
}

// The labels of what was chosen from lists that load their options while a person searches (the admin's).
function labelsOf(form) {
  const labels = {};
  for (const select of form.querySelectorAll("select.admin-autocomplete")) for (const option of select.selectedOptions) labels[option.value] = option.text;
  return labels;
}

function choose(select, values, labels) {
  const here = [...select.options].map((option) => option.value);
  for (const value of values) if (!here.includes(value) && labels[value]) select.add(new Option(labels[value], value));
  for (const option of select.options) option.selected = values.includes(option.value);
  if (select.matches(".admin-autocomplete")) select.dispatchEvent(new Event("change")); // what is drawn over it follows
}

// Rows that were added to a table of the form (a formset of Django's admin) are added again.
function addRows(form, marks) {
  for (const [name, [count]] of Object.entries(marks)) {
    const total = ROWS.test(name) && form.elements.namedItem(name);
    const add = total && form.querySelector(`#${name.replace(ROWS, "")}-group .add-row a`);
    for (let more = add ? count - total.value : 0; more > 0; more--) add.click();
  }
}

// Whether a table of the form has the rows it had: else words would come to stand in another row.
const hasSameRows = (form, marks) => hiddenOf(form).every(({ name, value }) => !name.endsWith("-INITIAL_FORMS") || !marks[name] || marks[name][0] === value);

function putBack(form, draft) {
  addRows(form, draft.marks);
  const left = JSON.parse(JSON.stringify(draft.values));
  for (const field of fieldsOf(form)) {
    const list = left[field.name] || [];
    if (isBox(field)) field.checked = list.includes(field.value);
    else if (field.tagName === "SELECT") choose(field, list, draft.labels || {});
    else if (list.length) field.value = list.shift();
  }
  const marks = JSON.parse(JSON.stringify(draft.marks));
  for (const field of hiddenOf(form)) {
    if (!ROWS.test(field.name) && marks[field.name] && marks[field.name].length) field.value = marks[field.name].shift();
  }
}

// Which form it is

const attribute = (form, name) => form.getAttribute(name) || ""; // a field named “action” hides the property of that name
const isPost = (form) => attribute(form, "method").toLowerCase() === "post";
const pathOf = (form) => new URL(attribute(form, "action") || location.href, location.href).pathname;
const keyOf = (form) => form.dataset.draft || pathOf(form);
const nameOf = (form) => `draft:${person}:${keyOf(form)}:${opening}`;
const isSignOut = (form) => pathOf(form).endsWith("/accounts/logout/");

function draftForm(element) {
  const form = element && (element.form || (element.closest && element.closest("form")));
  return form && person && isPost(form) && !form.hasAttribute("data-no-draft") ? form : null;
}

// The store

const names = (mine) => (withStorage((store) => Object.keys(store)) || []).filter((name) => name.startsWith(mine ? `draft:${person}:` : "draft:"));
const read = (name) => withStorage((store) => JSON.parse(store.getItem(name)));
const drop = (name) => withStorage((store) => store.removeItem(name));
const keyIn = (name) => name.split(":").slice(2, -1).join(":");

function keep(form, sent) {
  unkept.delete(form);
  const draft = { at: Date.now(), values: valuesOf(form), marks: marksOf(form), labels: labelsOf(form), sent, page: here, action: pathOf(form), title: document.title };
  withStorage((store) => store.setItem(nameOf(form), JSON.stringify(draft)));
}

// What the server has

const unsaved = new Set(); // forms with words that the server does not have
const unkept = new Set(); // those of them whose words are not in the store yet
const saved = new WeakMap(); // form → its words as the server last took them; before that, as the page came
const sending = new WeakMap(); // form → its words as they were last sent
const waiting = new Map(); // form → the status after which it is sent again
let leaving = false; // a form that was sent takes the reader to another page
let pause = 0;

const keepAll = () => unkept.forEach((form) => keep(form, false));
const isUnsaved = (form) => wordsOf(form) !== (saved.has(form) ? saved.get(form) : JSON.stringify(valuesOf(form, true)));
const rest = (form) => [...unsaved].filter((one) => one !== form && document.contains(one));

function look(form) {
  if (isUnsaved(form)) {
    unsaved.add(form);
    unkept.add(form);
    clearTimeout(pause);
    pause = setTimeout(keepAll, 300);
  } else settled(form);
  show();
}

function settled(form) {
  for (const one of [unsaved, unkept, waiting]) one.delete(form);
  form.classList.remove("is-unsaved");
  drop(nameOf(form));
}

// Red while anything is unsaved.
function show() {
  if (!said) return;
  for (const form of unsaved) if (!document.contains(form)) unsaved.delete(form);
  unsaved.forEach((form) => form.classList.add("is-unsaved"));
  const away = navigator.onLine === false || [...waiting.values()].some((status) => AWAY.includes(status));
  const badge = said.querySelector("[data-badge]");
  const words = away ? said.dataset.away : said.dataset.unsaved;
  said.hidden = !unsaved.size && !waiting.size;
  if (badge.textContent !== words) badge.textContent = words; // said once, not with every letter
}

for (const name of ["input", "change", "focusout"]) { // a calendar fills in its field without an event
  document.addEventListener(name, (event) => {
    const form = draftForm(event.target);
    if (form && !UNKEPT.includes(event.target.type)) look(form);
  });
}
document.addEventListener("reset", (event) => setTimeout(() => draftForm(event.target) && look(event.target)));
addEventListener("pagehide", keepAll);
addEventListener("visibilitychange", keepAll);
addEventListener("beforeunload", (event) => {
  if (leaving || !rest(null).length) return;
  keepAll();
  event.preventDefault();
  event.returnValue = ""; // what older browsers look at
});
document.addEventListener("session:leaving", () => {
  keepAll();
  leaving = true;
});

// Sending

let pressed = null; // the button by which a form is sent: its name and value go with it
document.addEventListener("click", (event) => {
  const button = event.target.closest("button, input[type=submit]");
  if (button) pressed = button;
  const end = event.target.closest("[data-ends-draft]"); // the reader gives up their words, or takes the other ones
  const form = end && document.getElementById(end.dataset.endsDraft);
  if (form) {
    settled(form);
    show();
  }
}, true);

function send(form, button) {
  if (form.requestSubmit) form.requestSubmit(button && button.form === form ? button : undefined);
  else form.querySelector("button:not([type=button])").click();
}

function sendWaiting(statuses) {
  for (const [form, status] of [...waiting]) {
    if (!statuses.includes(status)) continue;
    waiting.delete(form);
    if (document.contains(form)) send(form);
  }
  show();
}

addEventListener("online", () => sendWaiting(AWAY));
addEventListener("offline", show);
setInterval(() => navigator.onLine !== false && sendWaiting(AWAY), RETRY);
document.addEventListener("session:again", () => sendWaiting([401, ...AWAY]));

document.addEventListener("htmx:beforeRequest", (event) => {
  const form = draftForm(event.detail.elt);
  if (form) sending.set(form, wordsOf(form));
});
document.addEventListener("htmx:afterRequest", (event) => {
  const { xhr, requestConfig } = event.detail;
  const form = requestConfig.verb === "post" && draftForm(requestConfig.elt); // the event comes from above where the form is gone
  if (!form) return;
  if (xhr.status >= 200 && xhr.status < 400) taken(form);
  else if (AWAY.includes(xhr.status) || xhr.status === 401) waiting.set(form, xhr.status);
  else if (!document.contains(form)) givenBack(form); // the answer came with a form of its own: the words are in it
  show();
});

function taken(form) {
  const words = sending.get(form);
  if (!document.contains(form) || wordsOf(form) === words) settled(form);
  saved.set(form, words);
  for (const one of [...unsaved]) { // of two versions one was chosen by a form of its own
    if (one === form || keyOf(one) !== keyOf(form) || wordsOf(one) !== sending.get(one)) continue;
    settled(one);
    saved.set(one, sending.get(one));
  }
}

function givenBack(old) {
  const form = [...document.forms].find((one) => draftForm(one) && keyOf(one) === keyOf(old) && fieldsOf(one).length);
  unsaved.delete(old);
  if (!form) return;
  saved.set(form, ""); // nothing of it
  unsaved.add(form);
}

// A form that leaves the page: whether the server has it is known by the page that comes next.
const sure = new WeakSet(); // forms that are sent although other words are not saved
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (event.defaultPrevented || !isPost(form)) return; // htmx sends it, or it asks for a page
  const others = rest(form);
  if (isSignOut(form) && !sure.has(form) && (others.length || names(true).length)) return askFirst(event, "signOut", others);
  if (isSignOut(form)) return throwAway();
  if (form.matches("[data-leave]") && others.length) return; // it saves the others itself
  if (others.length && !sure.has(form)) return askFirst(event, "others", others);
  if (unsaved.has(form)) keep(form, true);
  if (navigator.onLine === false) {
    event.preventDefault();
    if (unsaved.has(form)) waiting.set(form, 0);
    show();
    return;
  }
  keepAll();
  leaving = true;
  setTimeout(() => { leaving = false; }, RETRY); // it was a file: the page is still here
});

function throwAway() {
  names(true).forEach(drop);
  unsaved.clear();
  unkept.clear();
}

// What is said

function line(place, words, acts) {
  const box = document.createElement("div");
  box.className = "notice warn kept";
  box.setAttribute("role", "status");
  box.appendChild(document.createElement("span")).textContent = words;
  const row = box.appendChild(document.createElement("span"));
  row.className = "acts";
  for (const [label, act] of acts) {
    const link = typeof act === "string";
    const one = row.appendChild(document.createElement(link ? "a" : "button"));
    one.className = "btn";
    one.textContent = label;
    if (link) one.href = act;
    else {
      one.type = "button";
      one.addEventListener("click", () => { box.remove(); act(); });
    }
  }
  place.insertBefore(box, place.firstChild);
  return box;
}

const messages = () => document.getElementById("messages") || document.querySelector("main");

function enter(form) {
  for (let one = form.closest("details"); one; one = one.parentElement.closest("details")) one.open = true;
  const field = fieldsOf(form)[0];
  if (field) field.focus();
}

let question = null;
function askFirst(event, kind, others) {
  const form = event.target;
  const button = pressed;
  event.preventDefault();
  keepAll();
  if (question) question.remove();
  for (const menu of document.querySelectorAll("details.menu[open]")) menu.open = false; // it would cover the question
  const go = () => { sure.add(form); send(form, button); };
  const acts = [[said.dataset[`${kind}Go`], go]];
  if (others.length) acts.unshift([said.dataset.show, () => enter(others[0])]);
  const pages = new Map(names(true).map(read).filter((draft) => draft && draft.page !== here).map((draft) => [draft.page, draft.title]));
  if (kind === "signOut") acts.unshift([said.dataset.stay, () => {}]);
  if (kind === "signOut") pages.forEach((title, page) => acts.unshift([title, page]));
  question = line(messages(), said.dataset[kind], acts);
  question.scrollIntoView({ block: "center" });
  question.querySelector("button, a").focus();
}

function quote(box, draft) {
  const words = [].concat(...Object.values(draft.values)).filter((value) => value.length > 3).join("\n");
  box.firstChild.appendChild(document.createElement("blockquote")).textContent = words;
}

const lines = new Map(); // name of a draft → the line that offers it

function offered(name, draft, place, words, acts) {
  if (lines.has(name)) lines.get(name).remove();
  const time = new Date(draft.at).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
  lines.set(name, line(place, words.replace("{time}", time), [...acts, [said.dataset.drop, () => drop(name)]]));
  return lines.get(name);
}

function takeUp(form, name, draft, at_once) {
  putBack(form, draft);
  drop(name);
  look(form);
  keepAll();
  enter(form);
  if (at_once) send(form);
}

function offer(form, name) {
  const draft = read(name);
  if (!draft || unsaved.has(form)) return;
  const words = JSON.stringify(draft.values);
  if (words === wordsOf(form)) { // given back by the server with what is wrong, or kept by the browser
    if (draft.sent) saved.set(form, "");
    drop(name);
    if (lines.has(name)) lines.get(name).remove();
    look(form);
    return keepAll();
  }
  if (!hasSameRows(form, draft.marks)) return quote(offered(name, draft, form, said.dataset.offer, []), draft);
  const folded = form.closest("details:not([open])");
  const row = form.closest("[data-entry]");
  const place = folded ? messages() : row ? row.querySelector("td") : form;
  const at_once = draft.sent || form.hasAttribute("hx-post");
  const take = [at_once ? said.dataset.take : said.dataset.back, () => takeUp(form, name, draft, at_once)];
  offered(name, draft, place, said.dataset.offer, [take]);
}

function offerIn(root) {
  const forms = [...document.forms].filter((form) => (root.contains(form) || form.contains(root)) && draftForm(form) && fieldsOf(form).length);
  for (const name of names(true)) forms.filter((form) => keyOf(form) === keyIn(name)).forEach((form) => offer(form, name));
}

// Words typed on this page into a form that is not open now: shown, with the way to the form.
function offerRest() {
  const there = new Set([...document.forms].filter((form) => draftForm(form) && fieldsOf(form).length).map(keyOf));
  for (const name of names(true)) {
    const draft = read(name);
    if (!draft || draft.page !== here || there.has(keyIn(name)) || name.endsWith(opening)) continue;
    const box = offered(name, draft, messages(), said.dataset.offer, [[said.dataset.open, draft.action]]);
    quote(box, draft);
  }
}

// The server says by a cookie which forms it has stored; what is older than a week is nobody's any more.
function settleAll() {
  const told = document.cookie.match(/(?:^|; )stored=([0-9a-f.-]+)/);
  const keys = told ? told[1].split(".") : [];
  for (const name of names(false)) {
    const draft = read(name);
    const key = draft && draft.marks && draft.marks.idempotency_key;
    if (!draft || !draft.action || Date.now() - draft.at > KEPT_DAYS * 86400000) drop(name);
    else if (key && keys.includes(key[0])) drop(name);
  }
  if (told) document.cookie = "stored=; Max-Age=0; Path=/; SameSite=Lax";
}

settleAll();
addEventListener("pageshow", (event) => {
  if (said) setTimeout(() => offerIn(document.documentElement)); // a browser that goes back fills in some forms by itself, late
  if (!event.persisted) return;
  leaving = false;
  settleAll();
  for (const form of unsaved) if (!unkept.has(form) && !read(nameOf(form))) form.reset(); // it was stored; the page came back by “Back”
});
if (said) {
  offerIn(document.documentElement);
  offerRest();
  document.addEventListener("htmx:load", (event) => event.target !== document.body && offerIn(event.target));
}
})();
