// What the console's pages do beyond HTML. Every page works without it.
"use strict";

// For whose account this page was made. What the page asks for by itself is
// refused to any other that signs in beside it.
function account() {
  const token = document.querySelector("input[name=form_token]");
  return token ? { "Latchkey-Account": token.value.split(".")[0] } : {};
}

// What happened, for eyes and for screen readers.
function say(words) {
  const status = document.getElementById("status");
  if (status) status.textContent = words;
}

// A click copies what stands beside the button, which is there for scripts alone.
for (const button of document.querySelectorAll("[data-copy]")) button.hidden = false;
document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  const source = document.getElementById(button.dataset.copy);
  try {
    await navigator.clipboard.writeText(source.textContent);
    say("Copied");
  } catch {
    // Not a secure context: select it, so that one key press copies it.
    getSelection().selectAllChildren(source);
    say("Selected. Press Ctrl+C to copy");
  }
});

// A list is narrowed while one types; without script the form asks the server.
for (const box of document.querySelectorAll("[data-filters]")) {
  const rows = document.querySelectorAll(`#${box.dataset.filters} tbody tr`);
  box.addEventListener("input", () => {
    const words = box.value.trim().toLowerCase();
    let shown = 0;
    for (const row of rows) {
      row.hidden = !row.textContent.toLowerCase().includes(words);
      if (!row.hidden) shown += 1;
    }
    say(`${shown} of ${rows.length} shown`);
  });
}

// A form is sent once, and a choice that needs no button sends its form.
document.addEventListener("submit", (event) => {
  const button = event.submitter;
  if (!button) return;
  if (button.getAttribute("aria-busy") === "true") event.preventDefault();
  button.setAttribute("aria-busy", "true");
});
addEventListener("pageshow", () => {
  for (const button of document.querySelectorAll("[aria-busy]")) button.removeAttribute("aria-busy");
});
document.addEventListener("change", (event) => {
  if (event.target.matches("[data-sends]")) event.target.form.requestSubmit();
});

// A page that is left and gone back to has none of the keys that were typed.
addEventListener("pagehide", () => {
  const fields = "input[type=password], input[type=file], textarea[name=keys]";
  for (const field of document.querySelectorAll(fields)) field.value = "";
});

// A file that is dropped on a form goes into its field for files.
for (const field of document.querySelectorAll("input[data-drop]")) {
  for (const kind of ["dragover", "dragleave", "drop"]) {
    field.form.addEventListener(kind, (event) => {
      if (!event.dataTransfer?.types.includes("Files")) return;
      event.preventDefault();
      field.form.classList.toggle("dropping", kind === "dragover");
      if (kind !== "drop") return;
      field.files = event.dataTransfer.files;
      say(`${field.files[0]?.name ?? "Nothing"} is chosen`);
    });
  }
}

// The menu of phones closes when one goes on.
document.getElementById("nav")?.addEventListener("click", (event) => {
  if (event.target.closest("a")) event.currentTarget.hidePopover?.();
});

// Parts that change are asked for again while somebody looks: `data-poll` is
// the address, `data-every` the seconds. Text alone is taken over, by the
// name of each place.
for (const part of document.querySelectorAll("[data-poll]")) {
  let tag = "";
  setInterval(async () => {
    if (document.hidden) return;
    try {
      const answer = await fetch(part.dataset.poll, {
        headers: tag ? { ...account(), "If-None-Match": tag } : account(),
      });
      if (answer.status === 409) say("Another account is signed in now. Open this page again");
      if (answer.status !== 200) return;
      tag = answer.headers.get("ETag") ?? "";
      for (const [name, text] of Object.entries(await answer.json())) {
        const place = part.querySelector(`[data-now="${name}"]`);
        if (place && place.textContent !== text) place.textContent = text;
      }
    } catch {
      say("This page could not be brought up to date");
    }
  }, 1000 * Number(part.dataset.every || 5));
}
