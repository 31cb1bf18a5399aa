// Columns to be put in order: buttons move a line up and down and number the lines anew. Without this script the numbers are typed.
"use strict";

const list = document.querySelector("[data-choosing] .choose");

if (list) {
  const said = document.querySelector("[data-said]");
  for (const moves of list.querySelectorAll(".shift")) moves.hidden = false;
  const number = () => {
    [...list.children].forEach((line, place) => { line.querySelector("input.in").value = place + 1; });
  };
  list.addEventListener("click", (event) => {
    const button = event.target.closest("[data-move]");
    if (!button) return;
    const line = button.closest("li");
    const other = button.dataset.move === "1" ? line.nextElementSibling : line.previousElementSibling;
    if (!other) return;
    if (button.dataset.move === "1") other.after(line);
    else other.before(line);
    number();
    button.focus();
    list.dispatchEvent(new Event("input", { bubbles: true }));
    said.textContent = `${said.dataset.words} ${[...list.children].indexOf(line) + 1}`;
  });
  // A number that was typed puts the line where it says.
  list.addEventListener("change", (event) => {
    const typed = event.target.closest("input.in");
    if (!typed || !/^\d+$/.test(typed.value)) return;
    const line = typed.closest("li");
    const place = Math.min(Math.max(Number(typed.value), 1), list.children.length) - 1;
    const others = [...list.children].filter((one) => one !== line);
    if (place >= others.length) list.append(line);
    else others[place].before(line);
    number();
    typed.focus();
  });
}
