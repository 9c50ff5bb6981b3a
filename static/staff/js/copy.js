// A button that copies, beside each id and whatever says `data-copy` (its own text, or the
// attribute's). Without JavaScript, or where the browser lets nobody copy, one selects the text.

const { copy, copied } = document.body.dataset;
const DONE = 1500; // ms that "Copied" is shown

function add(place) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "copy";
  button.textContent = copy;
  const what = place.dataset.copyName || "";
  if (what) button.setAttribute("aria-label", `${copy}: ${what}`);
  const told = document.createElement("span");
  told.className = "visually-hidden";
  told.setAttribute("role", "status");
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(place.dataset.copy || place.textContent);
    button.textContent = told.textContent = copied;
    button.classList.add("is-done");
    setTimeout(() => {
      button.textContent = copy;
      told.textContent = "";
      button.classList.remove("is-done");
    }, DONE);
  });
  place.after(button, told);
}

if (navigator.clipboard && copy) document.querySelectorAll("main code.id, main [data-copy]").forEach(add);
