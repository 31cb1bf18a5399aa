// Filling in a report: keys, what is not saved yet, and the way to the next entry. The page works without it.
"use strict";

const unsaved = new Set(); // rows with words that the server has not confirmed
let leaving = null; // what to do once everything is saved
let looking = 0; // the timer of the next look at the counts

const LOOK = 600; // milliseconds after the last save

// The counts and the hand-in bar follow the saves in a read of their own: once a pause, not with every save.
function look(row) {
  clearTimeout(looking);
  return htmx.ajax("GET", `${row.dataset.entry}?part=around`, { swap: "none" });
}

const rowOf = (element) => element.closest("[data-entry]");
const fieldsOf = (row) => [...row.querySelectorAll("textarea, input.pct, input.in")];

// The first field that still wants something, or the first of all.
function enter(row) {
  const field = fieldsOf(row).find((one) => one.matches(".need, [aria-invalid=true]") || !one.value) || fieldsOf(row)[0];
  row.scrollIntoView({ block: "center" });
  if (field) field.focus({ preventScroll: true });
}

function mark(current) {
  for (const row of document.querySelectorAll("[data-entry].is-on")) row.classList.remove("is-on");
  if (current) current.classList.add("is-on");
}

document.addEventListener("focusin", (event) => mark(rowOf(event.target)));

document.addEventListener("input", (event) => {
  const row = rowOf(event.target);
  if (row && event.target.form && event.target.form.matches(".keep")) {
    unsaved.add(row.id);
    sayNothing();
  }
  const field = event.target;
  if (field.matches(".need") && field.value.trim()) field.classList.remove("need");
});

document.addEventListener("keydown", (event) => {
  const row = rowOf(event.target);
  if (!row) return;
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
    event.preventDefault();
    const rows = [...document.querySelectorAll("[data-entry]")].filter((one) => fieldsOf(one).length);
    const next = rows[rows.indexOf(row) + 1];
    event.target.blur();
    if (next) enter(next);
  } else if (event.altKey && event.code === "KeyN") {
    const box = row.querySelector("input[name=unchanged][type=checkbox]");
    if (!box) return;
    event.preventDefault();
    box.click();
  }
});

// Not a word of “saved” beside what is not, or beside a refusal.
function sayNothing() {
  const words = document.getElementById("saved");
  if (words) words.textContent = "";
}

// After a save the row looks as its state says.
document.addEventListener("htmx:afterSettle", (event) => {
  for (const state of document.querySelectorAll("[data-entry] [data-row]")) {
    const row = rowOf(state);
    const on = row.classList.contains("is-on");
    row.className = state.dataset.row;
    if (on) row.classList.add("is-on");
  }
  const turned = event.target.matches && event.target.matches("[data-entry]") ? event.target : null;
  if (turned && turned.querySelector("input[name=unchanged_reason].in")) enter(turned);
});

// A pause in typing sends the row, and so does leaving the field: by then nothing is left to send, and a save that
// overtakes the hand-in, or is overtaken by it, would meet a conflict.
const isSaved = (row, asked) => asked && ["input", "change"].includes(asked.type) && !unsaved.has(row.id);

document.addEventListener("htmx:beforeRequest", (event) => {
  const row = rowOf(event.target);
  if (!row) return;
  if (event.target.matches("form.keep") && isSaved(row, event.detail.requestConfig.triggeringEvent)) return event.preventDefault();
  row.dataset.sent = fieldsOf(row).map((field) => field.value).join("\u0000");
});

document.addEventListener("htmx:afterRequest", (event) => {
  const row = rowOf(event.target);
  if (!row) return;
  const now = fieldsOf(row).map((field) => field.value).join("\u0000");
  const taken = event.detail.xhr.status >= 200 && event.detail.xhr.status < 400; // htmx counts 409 and 422 as successful: they bring a page
  if (taken && (row.dataset.sent === now || !document.contains(row))) unsaved.delete(row.id);
  if (!taken) leaving = null;
  if (!taken || unsaved.size) sayNothing();
  if (taken && event.detail.requestConfig.verb === "post") {
    clearTimeout(looking);
    looking = setTimeout(look, LOOK, row);
  }
  if (leaving && !unsaved.size) look(row).then(() => leaving && leaving()); // it hands in what the bar now names
});

// A file that was added or taken away can make an entry ready: ask for its state again.
document.addEventListener("htmx:afterSettle", (event) => {
  const row = rowOf(event.target);
  if (!row || !event.target.matches(".files")) return;
  const id = row.id.slice(2);
  const version = row.querySelector(`#s-${id} [name=version]`);
  if (version) htmx.ajax("GET", `${row.dataset.entry}?entry=${id}&version=${version.value}`, { target: `#s-${id}`, swap: "innerHTML" });
});

// Hand in only what is saved: what is still being typed is saved first.
document.addEventListener("submit", (event) => {
  if (!event.target.matches("[data-leave]") || !unsaved.size) return;
  event.preventDefault();
  leaving = () => {
    leaving = null;
    const form = document.querySelector("#handin form[data-leave]");
    if (form) form.requestSubmit();
  };
  for (const id of unsaved) document.getElementById(id).querySelector("form.keep").requestSubmit();
});

// A link to an entry that is on this page goes there without leaving.
document.addEventListener("click", (event) => {
  const link = event.target.closest("[data-to]");
  const row = link && document.getElementById(link.dataset.to);
  if (!row) return;
  event.preventDefault();
  enter(row);
});

// Giving a reason for a return chooses the return.
document.addEventListener("input", (event) => {
  const verdict = event.target.closest(".verdict");
  if (!verdict || event.target.tagName !== "TEXTAREA" || !event.target.value.trim()) return;
  if (!verdict.querySelector("input[type=radio]:checked")) verdict.querySelector("input[value=return]").checked = true;
});

if (location.hash.startsWith("#e-")) {
  const row = document.querySelector(location.hash);
  if (row && row.matches("[data-entry]")) enter(row);
}
