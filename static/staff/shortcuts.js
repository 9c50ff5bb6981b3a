// Keys that do something on every page, never while somebody is typing. The help tells them all.

import { openPalette } from "./palette.js";

const OFF = "single-keys-off"; // in this browser: characters alone do nothing (WCAG 2.1.4)
const help = document.getElementById("shortcuts");

const isTyping = (element) =>
  element.isContentEditable || ["textarea", "select"].includes(element.localName) ||
  (element.localName === "input" && !["checkbox", "radio", "button", "submit", "reset", "file"].includes(element.type));

document.addEventListener("keydown", (event) => {
  const { key, ctrlKey, metaKey, altKey, shiftKey } = event;
  if (event.defaultPrevented || event.isComposing || altKey) return;
  if ((ctrlKey || metaKey) && !shiftKey && key.toLowerCase() === "k") {
    if (document.querySelector("dialog[open]:not(#palette)")) return;
    if (openPalette()) event.preventDefault();
    return;
  }
  if (ctrlKey || metaKey || isTyping(event.target) || localStorage.getItem(OFF)) return;
  if (document.querySelector("dialog[open]")) return;
  if (key === "/") {
    const field = [...document.querySelectorAll("#searchbar, main input[type=search]")].find((one) => one.checkVisibility());
    if (field) field.select(), field.focus();
    if (field || openPalette()) event.preventDefault();
  } else if (key === "?" && help) {
    event.preventDefault();
    help.showModal();
  }
});

help?.addEventListener("click", (event) => { if (event.target === help) help.close(); });

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
