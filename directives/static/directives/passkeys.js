// Passkeys: what the server asks goes to the browser, and its answer into the form. webauthn-json.js is allauth's.
"use strict";

async function asked(form) {
  if (form.dataset.passkey !== "fetch") return JSON.parse(document.getElementById("js_data").textContent);
  const answer = await fetch(form.action, { headers: { Accept: "application/json" } });
  return answer.json();
}

async function answered(form) {
  const options = await asked(form);
  if (form.dataset.passkey !== "add") return webauthnJSON.get(options.request_options);
  const box = form.elements.namedItem("passwordless");
  const alone = Boolean(box && box.checked);
  const chosen = options.creation_options.publicKey.authenticatorSelection;
  chosen.residentKey = alone ? "required" : "discouraged";
  chosen.requireResidentKey = alone;
  if (alone) chosen.userVerification = "required";
  return webauthnJSON.create(options.creation_options);
}

for (const form of document.querySelectorAll("form[data-passkey]")) {
  const failed = form.querySelector("[data-failed]");
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    failed.hidden = true;
    try {
      form.elements.namedItem("credential").value = JSON.stringify(await answered(form));
      HTMLFormElement.prototype.submit.call(form);
    } catch (error) {
      failed.hidden = false;
      failed.textContent = error.name === "SecurityError" ? failed.dataset.place : failed.dataset.failed;
    }
  });
}
