// Ticks of a list are for one press: drafts.js, which follows, keeps none of them.
const list = document.getElementById("changelist-form");
if (list) list.setAttribute("data-no-draft", "");

// On a phone each cell of a list stands under the heading of its column.
const heads = [...document.querySelectorAll("#result_list thead th")].map((head) => head.textContent.trim());
for (const row of document.querySelectorAll("#result_list tbody tr")) {
  [...row.cells].forEach((cell, place) => {
    if (heads[place]) cell.dataset.k = heads[place];
  });
}

// A list with a search stands in the place of a select, and is called as this is.
function nameChoices() {
  for (const select of document.querySelectorAll("select.admin-autocomplete")) {
    const table = select.closest("table");
    const label = select.labels[0] || (table && table.querySelector(`th.column-${select.dataset.fieldName}`));
    const drawn = select.nextElementSibling;
    if (!label || !drawn || !drawn.matches(".select2")) continue;
    const named = ".select2-selection, .select2-selection__rendered, .select2-search__field";
    for (const element of drawn.querySelectorAll(named)) {
      element.removeAttribute("aria-labelledby");
      element.setAttribute("aria-label", label.textContent.trim());
    }
  }
}
if (window.django && window.django.jQuery) window.django.jQuery(nameChoices); // behind what puts them there
document.addEventListener("formset:added", () => setTimeout(nameChoices));

// jQuery tells only its own listeners of a choice from such a list.
if (window.django && window.django.jQuery) {
  window.django.jQuery(document).on("change", "select.admin-autocomplete", (event) => {
    if (!event.originalEvent) event.target.dispatchEvent(new Event("change", { bubbles: true }));
  });
}

// The box that deletes a row is called as its column.
for (const box of document.querySelectorAll(".tabular td.delete input")) {
  const head = box.closest("table").querySelector("thead th:last-child");
  if (head) box.setAttribute("aria-label", head.textContent.trim());
}

// Above the names of rows, and of boxes that nobody may tick, nothing is said: a cell, no heading.
for (const head of document.querySelectorAll(".tabular thead th:empty")) {
  const cell = document.createElement("td");
  cell.className = head.className;
  head.replaceWith(cell);
}
