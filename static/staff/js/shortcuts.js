// Keys that do something on every page, never while somebody is typing. The help lists them.

import { openPalette } from "./palette.js";

const OFF = "single-keys-off"; // in this browser: characters alone do nothing (WCAG 2.1.4)
const help = document.getElementById("shortcuts");

const isTyping = (element) =>
  element.isContentEditable ||
  ["textarea", "select"].includes(element.localName) ||
  (element.localName === "input" && !["checkbox", "radio", "button", "submit", "reset", "file"].includes(element.type));

function focusSearch() {
  const fields = [...document.querySelectorAll("#searchbar, main input[type=search]")];
  const field = fields.find((element) => element.checkVisibility());
  field?.select();
  field?.focus();
  return Boolean(field);
}

function onControlK(event) {
  if (document.querySelector("dialog[open]:not(#palette)")) return;
  if (openPalette()) event.preventDefault();
}

function onSingleKey(event) {
  if (isTyping(event.target) || localStorage.getItem(OFF) || document.querySelector("dialog[open]")) return;
  if (event.key === "/") {
    if (focusSearch() || openPalette()) event.preventDefault();
  } else if (event.key === "?" && help) {
    event.preventDefault();
    help.showModal();
  }
}

document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.isComposing || event.altKey) return;
  const hasControl = event.ctrlKey || event.metaKey;
  if (!hasControl) onSingleKey(event);
  else if (!event.shiftKey && event.key.toLowerCase() === "k") onControlK(event);
});

help?.addEventListener("click", (event) => {
  if (event.target === help) help.close();
});

for (const choice of document.querySelectorAll("[data-single-keys]")) {
  const box = choice.querySelector("input");
  choice.hidden = false;
  box.checked = !localStorage.getItem(OFF);
  box.addEventListener("change", () => {
    if (box.checked) localStorage.removeItem(OFF);
    else localStorage.setItem(OFF, "1");
    for (const other of document.querySelectorAll("[data-single-keys] input")) other.checked = box.checked;
  });
}

for (const link of document.querySelectorAll("[data-opens-shortcuts]")) {
  link.addEventListener("click", (event) => {
    if (!help || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    help.showModal();
  });
}
