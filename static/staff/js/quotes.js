// A quote's lines: parts unfold, pages of them turn and a line's form opens without leaving the
// page. Each is a link or a form that works by itself; from its answer only one piece is taken.

const reduced = matchMedia("(prefers-reduced-motion: reduce)");

async function piece(url, selector) {
  const answer = await fetch(url, { credentials: "same-origin" });
  if (!answer.ok || answer.redirected) throw new Error(String(answer.status));
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const found = page.querySelector(selector);
  if (!found) throw new Error(selector);
  return document.adoptNode(found);
}

// Where the piece cannot be had, the link leads where it always did.
async function instead(url, work) {
  document.body.setAttribute("aria-busy", "true");
  try {
    await work();
  } catch {
    location.assign(url);
  } finally {
    document.body.removeAttribute("aria-busy");
  }
}

function at(url) {
  history.replaceState(null, "", url.split("#")[0]);
}

// --- Parts --------------------------------------------------------------------------------

function mark(link, isOpen) {
  link.setAttribute("aria-expanded", String(isOpen));
  link.querySelector(".fold-mark").textContent = isOpen ? "▾" : "▸";
}

function prepare(root) {
  for (const link of root.querySelectorAll("a[data-fold]")) {
    link.setAttribute("role", "button");
    const row = document.getElementById(link.dataset.fold);
    mark(link, Boolean(row));
    link.dataset.open ||= row ? "" : link.href;
  }
  for (const box of root.querySelectorAll("[data-tick-all]")) box.hidden = false;
  for (const button of root.querySelectorAll("[data-ticked]")) count(button.dataset.ticked);
}

function fold(link) {
  const open = document.getElementById(link.dataset.fold);
  if (open) {
    open.remove();
    mark(link, false);
    // Closed, the link says how to open it; opened by the server, it said only how to close.
    const url = new URL(link.dataset.open || link.href, location.href);
    if (!link.dataset.open) url.searchParams.set("parts_of", link.dataset.fold.slice(6));
    link.href = link.dataset.open = url.href;
    const here = new URL(location.href);
    for (const name of ["parts_of", "parts_q", "parts_after", "parts_before", "changed"])
      here.searchParams.delete(name);
    at(here.href);
    return;
  }
  const url = link.dataset.open || link.href;
  instead(url, async () => {
    const row = await piece(url, `#${CSS.escape(link.dataset.fold)}`);
    for (const other of document.querySelectorAll("tr.parts")) {
      const its = document.querySelector(`a[data-fold="${CSS.escape(other.id)}"]`);
      if (its) fold(its);
      else other.remove();
    }
    link.closest("tr").after(row);
    mark(link, true);
    prepare(row);
    at(url);
  });
}

function turn(url, row) {
  instead(url, async () => {
    const fresh = await piece(url, `#${CSS.escape(row.id)}`);
    row.replaceWith(fresh);
    prepare(fresh);
    at(url);
    fresh.querySelector("h3").focus({ preventScroll: true });
    fresh.scrollIntoView({ block: "start", behavior: reduced.matches ? "auto" : "smooth" });
  });
}

// --- A line's form ------------------------------------------------------------------------

function shut(editing) {
  const row = editing.previousElementSibling;
  editing.remove();
  row?.querySelector("a[data-quick]")?.focus();
}

function edit(link) {
  instead(link.href, async () => {
    const form = await piece(link.href, "form#quick");
    document.querySelector("tr.editing")?.remove();
    const line = link.closest("tr");
    const cell = document.createElement("td");
    cell.colSpan = line.cells.length;
    cell.append(form);
    const row = document.createElement("tr");
    row.className = "editing";
    row.append(cell);
    line.after(row);
    form.querySelector("input:not([type=hidden])").focus();
  });
}

// --- What one does ------------------------------------------------------------------------

const plain = (event) => event.button === 0 && !(event.metaKey || event.ctrlKey || event.shiftKey || event.altKey);

document.addEventListener("click", (event) => {
  const link = event.target.closest("a");
  if (!link || !plain(event) || event.defaultPrevented) return;
  const parts = link.closest("tr.parts");
  if (link.matches("[data-fold]")) fold(link);
  else if (link.matches("[data-quick]")) edit(link);
  else if (link.matches("tr.editing [data-cancel]")) shut(link.closest("tr.editing"));
  else if (link.matches("[data-inside]") && parts) turn(link.href, parts);
  else return;
  event.preventDefault();
});

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!form.matches("form[data-inside]")) return;
  event.preventDefault();
  const url = new URL(form.action);
  url.search = new URLSearchParams(new FormData(form)).toString();
  turn(url.href, form.closest("tr.parts"));
});

document.addEventListener("keydown", (event) => {
  const editing = event.target.closest?.("tr.editing");
  if (event.key === "Escape" && editing) shut(editing);
  if (event.key === " " && event.target.matches?.("a[data-fold]")) {
    event.preventDefault();
    fold(event.target);
  }
});

// --- Ticking ------------------------------------------------------------------------------

const boxes = (form) => document.querySelectorAll(`input[name=lines][form="${CSS.escape(form)}"]`);

function count(form) {
  const ticked = [...boxes(form)].filter((box) => box.checked).length;
  for (const button of document.querySelectorAll(`[data-ticked="${CSS.escape(form)}"]`)) {
    const { label, labelCounted } = button.dataset;
    button.textContent = ticked ? labelCounted.replace("%d", ticked) : label;
  }
}

document.addEventListener("change", (event) => {
  const box = event.target;
  const form = box.dataset?.tickAll;
  if (form) {
    for (const one of boxes(form)) one.checked = box.checked;
    count(form);
  } else if (box.matches("input[name=lines]")) count(box.getAttribute("form"));
});

prepare(document);
