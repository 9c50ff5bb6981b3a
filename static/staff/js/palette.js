// The command palette: Ctrl+K, or a click on the link that leads to its page. A combobox with a list
// (ARIA Authoring Practices Guide) in a dialog; Enter without a choice opens the search page.

const WAIT = 120; // ms of silence before asking
const dialog = document.getElementById("palette");

class Palette {
  constructor() {
    this.input = dialog.querySelector("input");
    this.list = dialog.querySelector("[role=listbox]");
    this.told = dialog.querySelector("[role=status]");
    this.active = -1;
    this.isStale = false; // what is listed was found for other words
    this.opensFirst = false; // Enter was quicker than the answer
    this.input.addEventListener("input", () => this.askSoon());
    this.input.addEventListener("keydown", (event) => this.onKey(event));
    dialog.addEventListener("click", (event) => {
      if (event.target === dialog) dialog.close();
    });
    dialog.addEventListener("close", () => {
      clearTimeout(this.timer);
      this.asking?.abort();
    });
  }

  open() {
    if (!dialog.open) dialog.showModal();
    this.input.select();
    this.ask();
  }

  onKey(event) {
    if (event.isComposing) return;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      this.move(event.key === "ArrowDown" ? 1 : -1);
    } else if (event.key === "Enter" && this.isStale) {
      event.preventDefault();
      this.opensFirst = true;
    } else if (event.key === "Enter" && this.rows[this.active]) {
      event.preventDefault();
      const link = this.rows[this.active].firstElementChild;
      if (event.ctrlKey || event.metaKey) open(link.href, "_blank", "noopener");
      else link.click();
    }
  }

  get rows() {
    return this.list.querySelectorAll("[role=option]");
  }

  askSoon() {
    clearTimeout(this.timer);
    this.isStale = Boolean(this.input.value.trim());
    this.opensFirst = false;
    this.timer = setTimeout(() => this.ask(), WAIT);
  }

  async ask() {
    this.asking?.abort();
    this.asking = new AbortController();
    const url = new URL(dialog.dataset.url, location.href);
    url.searchParams.set("q", this.input.value.trim());
    try {
      const answer = await fetch(url, { signal: this.asking.signal, headers: { Accept: "application/json" } });
      if (!answer.ok) throw new Error(answer.statusText);
      this.show((await answer.json()).results);
    } catch (error) {
      if (error.name === "AbortError") return;
      this.show([]);
      this.told.textContent = dialog.dataset.failed;
    }
  }

  show(results) {
    this.list.replaceChildren(
      ...results.map((one, place) => {
        const row = make("li", { role: "option", id: `palette-${place}`, "aria-selected": "false" });
        const link = make("a", { href: one.url, tabindex: "-1" });
        link.append(make("span", {}, one.title), make("span", { class: "hint" }, one.kind));
        row.append(link);
        return row;
      }),
    );
    this.input.setAttribute("aria-expanded", String(results.length > 0));
    this.told.textContent = results.length ? `${results.length} ${dialog.dataset.count}` : dialog.dataset.none;
    this.active = -1;
    this.input.removeAttribute("aria-activedescendant");
    if (this.input.value.trim() && results.length) this.move(1);
    this.isStale = false;
    if (!this.opensFirst) return;
    this.opensFirst = false;
    if (results.length) this.rows[this.active].firstElementChild.click();
    else this.input.form.requestSubmit();
  }

  move(step) {
    const { rows } = this;
    if (!rows.length) return;
    rows[this.active]?.setAttribute("aria-selected", "false");
    const from = this.active < 0 && step < 0 ? 0 : this.active;
    this.active = (from + step + rows.length) % rows.length;
    const row = rows[this.active];
    row.setAttribute("aria-selected", "true");
    row.scrollIntoView({ block: "nearest" });
    this.input.setAttribute("aria-activedescendant", row.id);
  }
}

function make(name, attributes, text = "") {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.textContent = text;
  return element;
}

export function openPalette() {
  palette?.open();
  return Boolean(palette);
}

const palette = dialog && new Palette();
for (const link of palette ? document.querySelectorAll("[data-opens-palette]") : []) {
  link.addEventListener("click", (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    palette.open();
  });
}
