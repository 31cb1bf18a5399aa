// On a phone each cell of a list stands under the heading of its column.
const heads = [...document.querySelectorAll("#result_list thead th")].map((head) => head.textContent.trim());
for (const row of document.querySelectorAll("#result_list tbody tr")) {
  [...row.cells].forEach((cell, place) => {
    if (heads[place]) cell.dataset.k = heads[place];
  });
}
