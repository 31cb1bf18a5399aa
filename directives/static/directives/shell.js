// Small comforts of every page. Without this script each page still works.
"use strict";

// What `act` makes of the browser's storage; null where it keeps nothing (private windows, a full store).
// drafts.js and session.js call it.
function withStorage(act) {
  try {
    return act(localStorage);
  } catch {
    return null;
  }
}

document.addEventListener("keydown", (event) => {
  const open = document.querySelector("details.menu[open]");
  if (event.key === "Escape" && open) {
    open.open = false;
    open.querySelector("summary").focus();
  }
  const typing = event.target.closest("input, textarea, select, [contenteditable]");
  const find = document.getElementById("q");
  if (event.key === "/" && find && !typing && !event.ctrlKey && !event.metaKey && !event.altKey) {
    event.preventDefault();
    find.focus();
  }
});

document.addEventListener("click", (event) => {
  for (const open of document.querySelectorAll("details.menu[open]")) {
    if (!open.contains(event.target)) open.open = false;
  }
  if (event.target.closest("[data-print]")) window.print();
});

// A select that says data-send sends its form when it changes.
document.addEventListener("change", (event) => {
  if (event.target.matches("[data-send]")) event.target.form.requestSubmit();
});

// A hidden file field that says data-named writes what was chosen beside it.
document.addEventListener("change", (event) => {
  const words = event.target.matches("[data-named]") && event.target.parentElement.querySelector("span");
  if (!words) return;
  words.dataset.empty = words.dataset.empty || words.textContent;
  words.textContent = [...event.target.files].map((file) => file.name).join("、") || words.dataset.empty;
});

// Browsers write dates in their own way (11/23/2026): the chosen day is said in words beside its label.
const inWords = new Intl.DateTimeFormat(document.documentElement.lang.replace(/^en$/, "en-GB"), { year: "numeric", month: "long", day: "numeric", weekday: "short", timeZone: "UTC" });

function sayDay(input) {
  const label = input.closest(".field") ? input.closest(".field").querySelector("span") : input.closest(".row") && input.closest(".row").querySelector("label");
  if (!label) return;
  const words = label.querySelector(".day-said") || label.appendChild(document.createElement("small"));
  words.className = "day-said";
  words.textContent = input.valueAsDate ? inWords.format(input.valueAsDate) : "";
}

const sayDays = (root) => root.querySelectorAll("input[type=date]").forEach(sayDay);
document.addEventListener("input", (event) => event.target.matches("input[type=date]") && sayDay(event.target));
document.addEventListener("htmx:load", (event) => sayDays(event.target));
sayDays(document);

function say(kind) {
  const box = document.getElementById("messages");
  const words = box && box.dataset[kind];
  if (!words) return;
  const line = document.createElement("p");
  line.className = "notice warn";
  line.dataset.said = kind;
  line.textContent = words;
  box.textContent = "";
  box.appendChild(line);
  line.scrollIntoView({ block: "nearest" });
}

const REFUSALS = { 401: "signedOut", 403: "forbidden", 503: "away", 507: "full" };
document.addEventListener("htmx:responseError", (event) => {
  const answer = event.detail.xhr;
  say(answer.getResponseHeader("X-Form-Out-Of-Date") ? "outOfDate" : REFUSALS[answer.status] || "failed");
});
// What was said of a form that did not get through is no longer so once it does.
document.addEventListener("htmx:afterOnLoad", (event) => {
  const said = event.detail.xhr.status < 400 && document.querySelector("#messages > [data-said]");
  if (said) said.remove();
});
document.addEventListener("htmx:sendError", () => document.querySelector("#drafts:not([hidden])") || say("offline")); // the badge says so already
