// Moves in an order without a new page: the same forms, sent by fetch; rows and messages come from
// the page that they answer with. The focus stays on what was pressed, and a live region says what
// happened. Rows are dragged by their grip; all of it works by buttons and number as well. Arrows go
// from row to row, with Alt they take the contact along, with Alt and Shift to the top.

const says = document.querySelector("[data-order-says]");
let queue = Promise.resolve(); // moves one after the other, however quickly they are asked for
let dragged = null;
const IN_ROW = "a, button, select, input:not([type=hidden])";

for (const part of document.querySelectorAll("[data-with-js]")) part.hidden = false;
prepare();

function prepare() {
  for (const grip of document.querySelectorAll("[data-order] [data-grip]")) grip.hidden = false;
  const all = document.querySelector("[data-order] [data-ticks-all]");
  if (all?.hidden) {
    all.hidden = false;
    all.addEventListener("change", () => {
      for (const one of all.closest("table").querySelectorAll("tbody input[type=checkbox]")) one.checked = all.checked;
    });
  }
}

document.addEventListener(
  "submit",
  (event) => {
    const form = event.target;
    if (!form.matches?.("[data-move]")) return;
    event.preventDefault();
    const body = new URLSearchParams(new FormData(form, event.submitter));
    queue = queue.then(() => move(form.action, body)).catch(() => location.reload());
  },
  true,
); // before the listener that lets a form be sent once only

async function move(url, body) {
  const root = document.querySelector("[data-order]");
  root.setAttribute("aria-busy", "true");
  const answer = await fetch(url, { method: "POST", body, credentials: "same-origin" });
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const rows = page.querySelector("[data-order]");
  if (!answer.ok || !rows) throw new Error(answer.statusText);
  const ticked = [...root.querySelectorAll("tbody input:checked")].map((box) => box.value);
  root.replaceWith(document.adoptNode(rows));
  for (const box of rows.querySelectorAll("tbody input[type=checkbox]")) box.checked = ticked.includes(box.value);
  showMessages(page);
  if (!body.get("q")) history.replaceState(null, "", answer.url);
  prepare();
  focusOn(body.get("contact"), body.get("to"));
}

function showMessages(page) {
  const list = page.querySelector(".messagelist");
  document.querySelector(".messagelist")?.remove();
  if (!list) return;
  document.querySelector("#content").before(document.adoptNode(list));
  says.textContent = "";
  const told = [...list.querySelectorAll("li > span")].map((one) => one.textContent.trim());
  setTimeout(() => {
    says.textContent = told.join(" ");
  }, 50); // what is the same again is said again
}

function focusOn(contact, to) {
  const pressed = document.getElementById(`${to}-${contact}`);
  const target = pressed && !pressed.disabled ? pressed : document.getElementById(`place-${contact}`);
  const row = document.getElementById(`contact-${contact}`);
  target?.focus({ preventScroll: true });
  row?.scrollIntoView({ block: "nearest" });
  row?.classList.add("is-moved");
}

// --- By keys -----------------------------------------------------------------------------------

document.addEventListener("keydown", (event) => {
  const row = event.target.closest?.("[data-order] tbody tr");
  if (!row || event.ctrlKey || event.metaKey || !["ArrowUp", "ArrowDown"].includes(event.key)) return;
  if (event.altKey) moveByKey(event, row);
  else if (!event.target.matches("select, [type=number]")) focusNextRow(event, row);
});

function moveByKey(event, row) {
  const to = event.key === "ArrowDown" ? "down" : event.shiftKey ? "first" : "up";
  const button = row.querySelector(`[data-move] [value=${to}]`);
  if (!button) return;
  event.preventDefault();
  if (!button.disabled) button.form.requestSubmit(button);
}

function focusNextRow(event, row) {
  const index = [...row.querySelectorAll(IN_ROW)].indexOf(event.target);
  const nextRow = event.key === "ArrowUp" ? row.previousElementSibling : row.nextElementSibling;
  const control = nextRow?.querySelectorAll(IN_ROW)[index];
  if (!control) return;
  event.preventDefault();
  (control.disabled ? nextRow.querySelector("a") : control).focus();
}

// --- By dragging -----------------------------------------------------------------------------

document.addEventListener("dragstart", (event) => {
  dragged = event.target.closest?.("[data-grip]")?.closest("tr");
  if (!dragged) return;
  event.dataTransfer.effectAllowed = "move";
  event.dataTransfer.setData("text/plain", "");
  event.dataTransfer.setDragImage(dragged, 0, 0);
  dragged.classList.add("is-dragged");
});

document.addEventListener("dragover", (event) => {
  const row = rowUnder(event);
  if (!row) return;
  event.preventDefault();
  if (row.classList.contains("is-target")) return;
  clearTarget();
  row.classList.add("is-target", isBelow(row) ? "goes-below" : "goes-above");
});

document.addEventListener("drop", (event) => {
  const row = rowUnder(event);
  if (!row || row === dragged) return;
  event.preventDefault();
  const form = dragged.querySelector("[data-move]");
  form.elements.place.value = row.dataset.place;
  form.requestSubmit(form.querySelector("[value=place]"));
});

document.addEventListener("dragend", () => {
  dragged?.classList.remove("is-dragged");
  dragged = null;
  clearTarget();
});

function rowUnder(event) {
  return dragged && event.target.closest?.("[data-order] tbody tr");
}

function isBelow(row) {
  return Number(row.dataset.place) > Number(dragged.dataset.place);
}

function clearTarget() {
  document.querySelector(".is-target")?.classList.remove("is-target", "goes-above", "goes-below");
}
