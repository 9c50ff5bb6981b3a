// Only makes quicker what works without: every form is a plain form.

// A command is sent once, and says that it is at work.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.method !== "post" || event.defaultPrevented) return;
  if (form.dataset.sent) {
    event.preventDefault();
    return;
  }
  form.dataset.sent = "1";
  form.setAttribute("aria-busy", "true");
});

// Back from another page: it may be sent again.
window.addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-sent]")) {
    delete form.dataset.sent;
    form.removeAttribute("aria-busy");
  }
});

// One box ticks all those of its table.
for (const box of document.querySelectorAll("[data-ticks-all]")) {
  box.hidden = false;
  box.addEventListener("change", () => {
    for (const one of box.closest("table").querySelectorAll("tbody input[type=checkbox]")) {
      one.checked = box.checked;
    }
  });
}

// The field to pick from a big table by typing says its name, as every other field does.
// It is made some time after the page: whenever that is.
new MutationObserver(() => {
  for (const box of document.querySelectorAll(".select2-selection:not([data-named])")) {
    const select = box.closest(".select2-container").previousElementSibling;
    const label = document.querySelector(`label[for="${select?.id}"]`);
    if (!label) continue;
    box.dataset.named = "1";
    label.id ||= `${select.id}_label`;
    box.setAttribute("aria-labelledby", `${label.id} ${box.getAttribute("aria-labelledby")}`);
    box.querySelector("[role=textbox]")?.setAttribute("aria-labelledby", label.id);
  }
}).observe(document.body, { childList: true, subtree: true });
