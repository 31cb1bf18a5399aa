// The end of a session, told in time, and the token by which forms are sent. What is typed is kept by drafts.js.
(() => {
"use strict";

const box = document.getElementById("session");
const person = box ? box.dataset.person : "";

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
  const form = event.target;
  const field = form.elements.namedItem("csrfmiddlewaretoken");
  if (!field) return;
  if (token()) field.value = token();
  if (!person || form.elements.namedItem("_person")) return;
  const whose = form.appendChild(document.createElement("input")); // who is signed in by then may be somebody else
  whose.type = "hidden";
  whose.name = "_person";
  whose.value = person;
}, true);

// A form that the server found out of date comes with a new token: it is sent once more, by itself.
const again = new WeakSet();
document.addEventListener("htmx:responseError", (event) => {
  const { xhr, requestConfig } = event.detail;
  const elt = requestConfig.elt;
  if (!xhr.getResponseHeader("X-Form-Out-Of-Date") || again.has(elt)) return;
  again.add(elt);
  const asked = requestConfig.triggeringEvent;
  const on = elt.getAttribute("hx-trigger") || "submit";
  htmx.trigger(elt, elt.tagName === "FORM" && on.includes("submit") ? "submit" : asked ? asked.type : "click");
});
document.addEventListener("htmx:afterOnLoad", (event) => event.detail.xhr.status < 400 && again.delete(event.detail.requestConfig.elt));

// When the session ends

let idleAt = 0; // if nothing more is done
let lastAt = 0; // in any case
let over = false;

const ends = () => Math.min(idleAt, lastAt);

function goOn() {
  idleAt = Date.now() + box.dataset.idle * 1000;
  over = false;
  withStorage((store) => store.setItem(`session:${person}`, String(idleAt)));
  look();
}

function show(which) {
  box.hidden = !which;
  for (const part of box.querySelectorAll("[data-when]")) {
    part.hidden = part.dataset.when !== which;
    const said = part.querySelector("b");
    said.dataset.words = said.dataset.words || said.textContent;
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
    document.dispatchEvent(new Event("session:leaving"));
    event.target.href = `${box.dataset.signIn}?next=${encodeURIComponent(location.pathname + location.search)}`;
  });
  // Another tab in which somebody works keeps this one open, too.
  addEventListener("storage", (event) => {
    if (event.key !== `session:${person}` || !event.newValue) return;
    idleAt = Math.max(idleAt, Number(event.newValue));
    over = false;
    look();
    document.dispatchEvent(new Event("session:again"));
  });
  document.addEventListener("htmx:afterRequest", (event) => {
    const asked = event.detail.requestConfig;
    if (event.detail.xhr.status === 401) hasEnded();
    else if (event.detail.successful && !asked.headers["X-By-Itself"]) goOn();
  });
}
})();
