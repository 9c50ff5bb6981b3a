// The ways of naming recipients, counted while one works; and what is selected of a group's members.

const separators = /[\n,;\t]/;
const said = (text, number) => text.replace("#", number.toLocaleString(document.documentElement.lang));

// The paste box: how many entries there are, and how many of them are said again.
for (const told of document.querySelectorAll("[data-counts]")) {
  const box = document.getElementById(told.dataset.counts);
  let timer;
  const count = () => {
    const entries = box.value
      .split(separators)
      .map((one) => one.trim().replace(/^"|"$/g, "").trim().toLowerCase())
      .filter(Boolean);
    const twice = entries.length - new Set(entries).size;
    const { entry, entries: many, twice: again } = told.dataset;
    let text = entries.length === 1 ? entry : entries.length ? said(many, entries.length) : "";
    if (twice) text += `, ${said(again, twice)}`;
    if (told.textContent !== text) told.textContent = text;
  };
  box.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(count, 200); // a screen reader hears the sum, not each key
  });
  count();
}

// The picker searches in the list's stead.
for (const form of document.querySelectorAll("form[data-without-js]")) {
  if (!form.querySelector("input[type=search]").value) form.hidden = true;
}
for (const form of document.querySelectorAll("form[data-picks]")) {
  const told = form.querySelector("[data-picked]");
  const count = () => {
    const ids = new Set(
      [...form.querySelectorAll("input[name=recipients]:checked, input[name=recipients][type=hidden]")].map(
        (one) => one.value,
      ),
    );
    if (told) told.textContent = ids.size === 1 ? told.dataset.one : ids.size ? said(told.dataset.many, ids.size) : "";
  };
  form.addEventListener("change", count);
  form.addEventListener("chosen", count);
  count();
}

// Of the members: those ticked on this page, or all that match.
for (const form of document.querySelectorAll("form[data-selects]")) {
  const told = form.querySelector("[data-ticked]");
  const [ticked, matching] = form.querySelectorAll("input[name=selection]");
  const count = () => {
    const boxes = form.querySelectorAll("input[name=recipients]:checked");
    told.textContent = said(told.dataset.ticked, boxes.length);
    form.classList.toggle("all-selected", matching.checked);
  };
  form.addEventListener("change", (event) => {
    if (event.target.name === "recipients") ticked.checked = true; // who ticks means those
    count();
  });
  count();
}
