// The columns of an export in the admin: all of them at once.
document.addEventListener("change", (event) => {
  if (!event.target.matches(".select-toggle")) return;
  for (const box of document.querySelectorAll('.selectable-field-export-row input[type="checkbox"]')) box.checked = event.target.checked;
});
