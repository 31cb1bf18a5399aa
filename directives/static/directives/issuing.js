// Long lists of tick boxes: tick a whole group, and see how many are ticked. Without this script each box still works.
"use strict";

const form = document.querySelector("[data-ticks]");

if (form) {
  const count = () => {
    for (const place of document.querySelectorAll("[data-count]")) {
      place.textContent = form.querySelectorAll(`input[name=${place.dataset.count}]:checked`).length;
    }
    for (const master of form.querySelectorAll("[data-all]")) {
      const boxes = [...master.closest(".group").querySelectorAll("input[name]")];
      const ticked = boxes.filter((box) => box.checked).length;
      master.checked = boxes.length > 0 && ticked === boxes.length;
      master.indeterminate = ticked > 0 && ticked < boxes.length;
    }
  };
  for (const label of form.querySelectorAll("label.all")) label.hidden = false;
  form.addEventListener("change", (event) => {
    if (event.target.matches("[data-all]")) {
      for (const box of event.target.closest(".group").querySelectorAll("input[name]")) box.checked = event.target.checked;
    }
    count();
  });
  count();
}
