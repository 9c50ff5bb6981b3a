// An import goes on by itself, part after part, as long as its page is open. Without this there is
// a button to press for each. A part that was asked for twice is done once.

const region = () => document.getElementById("import-progress");
let isStopped = false;

// The Stop button leaves the page: nothing is to be asked for meanwhile.
region().addEventListener("submit", (event) => {
  if (!event.target.matches("[data-goes-on]")) isStopped = true;
});

async function goOn() {
  const form = region().querySelector("form[data-goes-on]");
  form.hidden = true;
  while (!isStopped) {
    const answer = await fetch(location.href, { method: "POST", body: new FormData(form) });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const next = page.querySelector("#import-progress form[data-goes-on]");
    if (isStopped) return;
    if (!next || !answer.ok) {
      location.assign(location.href);
      return;
    }
    form.elements.part.value = next.elements.part.value;
    for (const part of ["progress", ".progress-told", "[role=status]"]) {
      const [here, there] = [region(), page].map((root) => root.querySelector(part));
      if (here.textContent !== there.textContent) here.textContent = there.textContent;
      if (part === "progress") here.value = there.value;
    }
  }
}

goOn().catch(() => {
  // The line is down: whoever looks can go on by hand.
  region().querySelector("form[data-goes-on]").hidden = false;
});
