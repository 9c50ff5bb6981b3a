// Only makes quicker what works without: every form is a plain form.

// A command is sent once, and says that it is at work.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.method !== "post" || event.defaultPrevented || "download" in form.dataset) return;
  if (form.dataset.sent) {
    event.preventDefault();
    return;
  }
  form.dataset.sent = "1";
  form.setAttribute("aria-busy", "true");
  // Its text only: a disabled button would not be sent, nor an input with another value as itself.
  const button = event.submitter;
  if (button?.localName === "button" && document.body.dataset.working) {
    button.dataset.text = button.textContent;
    button.textContent = document.body.dataset.working;
    button.setAttribute("aria-disabled", "true");
  }
});

// Back from another page: it may be sent again.
window.addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-sent]")) {
    delete form.dataset.sent;
    form.removeAttribute("aria-busy");
  }
  for (const button of document.querySelectorAll("button[data-text]")) {
    button.textContent = button.dataset.text;
    delete button.dataset.text;
    button.removeAttribute("aria-disabled");
  }
});

// One box ticks all those of its table.
for (const box of document.querySelectorAll("[data-ticks-all]")) {
  box.hidden = false;
  box.addEventListener("change", () => {
    for (const one of box.closest("table").querySelectorAll("tbody input[type=checkbox]")) {
      one.checked = box.checked;
      one.dispatchEvent(new Event("change", { bubbles: true }));
    }
  });
}
