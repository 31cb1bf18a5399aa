// A box that says data-paste: what Word or a browser puts on the clipboard is kept as HTML in the hidden box of its form, its text shown.
// Without this script the text alone is pasted.
"use strict";

const box = document.querySelector("textarea[data-paste]");

// Only where the clipboard has no text beside it: the styles of what is parsed are refused, each with a line in the console.
const textOf = (markup) => new DOMParser().parseFromString(markup, "text/html").body.textContent.trim();

if (box) {
  const html = box.form.elements.html;
  const said = document.getElementById("pasted");
  let shown = box.value; // the text that the HTML belongs to
  const say = () => { said.hidden = !html.value; };
  const forget = () => {
    if (box.value === shown) return;
    html.value = "";
    say();
  };
  box.addEventListener("paste", (event) => {
    const markup = event.clipboardData.getData("text/html");
    const whole = box.selectionStart === 0 && box.selectionEnd === box.value.length;
    if (!markup.trim() || !whole) return; // text among other text is only text
    event.preventDefault();
    box.value = event.clipboardData.getData("text/plain") || textOf(markup);
    html.value = markup;
    shown = box.value;
    say();
    box.dispatchEvent(new Event("input", { bubbles: true })); // drafts.js keeps it
  });
  box.addEventListener("input", forget);
  addEventListener("pageshow", () => {
    shown = html.value ? box.value : shown; // given back by the server, or kept by the browser
    say();
  });
}
