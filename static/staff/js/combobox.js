// A text input that offers what matches: the combobox of the ARIA Authoring Practices Guide, with a
// list and manual selection. `data-combobox` stands on the element around the input, and says where
// to ask (`data-url`). `data-combobox="many"` collects what is chosen as chips, each a hidden input
// named `data-name`. Without this module the input is sent as it was typed.

const WAIT = 150; // ms of silence before asking
let count = 0;

class Combobox {
  constructor(root) {
    this.root = root;
    this.many = root.dataset.combobox === "many";
    this.input = root.querySelector("input[type=text], input[type=search]");
    this.chosen = root.querySelector("input[type=hidden]");
    this.chips = root.querySelector("[data-chips]");
    this.options = [];
    this.active = -1;
    this.build();
    this.listen();
  }

  build() {
    const id = `combobox-${++count}`;
    this.popup = make("div", { class: "options", hidden: "" });
    this.list = make("ul", { id, role: "listbox" });
    this.note = make("p", { class: "note" });
    this.popup.append(this.list, this.note);
    this.list.setAttribute("aria-label", this.label());
    if (this.many) this.list.setAttribute("aria-multiselectable", "true");
    this.told = make("p", { class: "visually-hidden", role: "status" });
    this.input.after(this.popup, this.told);
    const says = { role: "combobox", "aria-autocomplete": "list", "aria-expanded": "false", "aria-controls": id };
    for (const [name, value] of Object.entries(says)) this.input.setAttribute(name, value);
  }

  label() {
    return this.input.labels?.[0]?.textContent.trim().replace(/:$/, "") || this.input.getAttribute("aria-label") || "";
  }

  listen() {
    const { input, popup } = this;
    input.addEventListener("input", () => this.askSoon());
    input.addEventListener("keydown", (event) => this.onKey(event));
    input.addEventListener("click", () => {
      if (!this.isOpen) this.ask();
    });
    input.addEventListener("blur", () => this.close());
    popup.addEventListener("mousedown", (event) => event.preventDefault()); // the input keeps the focus
    popup.addEventListener("click", (event) => {
      const option = event.target.closest("[role=option]");
      if (option) this.choose(this.options[Number(option.dataset.place)]);
    });
    this.chips?.addEventListener("click", (event) => {
      const button = event.target.closest("button");
      if (button) this.drop(button.closest("li"));
    });
  }

  get isOpen() {
    return !this.popup.hidden;
  }

  onKey(event) {
    if (event.isComposing) return;
    const handlers = {
      ArrowDown: () => this.onArrow(event),
      ArrowUp: () => this.onArrow(event),
      Enter: () => this.onEnter(event),
      Escape: () => this.onEscape(event),
      Backspace: () => this.onBackspace(),
    };
    handlers[event.key]?.();
  }

  onArrow(event) {
    const isUp = event.key === "ArrowUp";
    event.preventDefault();
    if (!this.isOpen) this.ask(isUp && !event.altKey);
    else if (isUp && event.altKey) this.close();
    else this.move(isUp ? -1 : 1);
  }

  onEnter(event) {
    if (this.isOpen && this.active >= 0) {
      event.preventDefault();
      this.choose(this.options[this.active]);
    } else if (this.many && this.input.value) {
      event.preventDefault(); // what was typed is no choice yet
      this.ask();
    }
  }

  onEscape(event) {
    if (!this.isOpen && !this.input.value) return;
    event.preventDefault();
    if (this.isOpen) this.close();
    else this.clear();
  }

  onBackspace() {
    const last = this.many && !this.input.value && this.chips.lastElementChild;
    if (last) this.drop(last);
  }

  askSoon() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.ask(), WAIT);
  }

  async ask(fromEnd = false) {
    clearTimeout(this.timer);
    this.asking?.abort();
    this.asking = new AbortController();
    const url = new URL(this.root.dataset.url, location.href);
    const isAsIs = !this.many && this.chosen?.value.endsWith(` ${this.input.value}`);
    url.searchParams.set("term", isAsIs ? "" : this.input.value.trim());
    this.root.setAttribute("aria-busy", "true");
    try {
      const answer = await fetch(url, { signal: this.asking.signal, headers: { Accept: "application/json" } });
      if (!answer.ok) throw new Error(answer.statusText);
      const { results, pagination } = await answer.json();
      if (document.activeElement === this.input) this.show(results, pagination.more, fromEnd);
    } catch (error) {
      if (error.name !== "AbortError")
        this.close(); // the input still works as text
      else return;
    }
    this.root.removeAttribute("aria-busy");
  }

  show(options, hasMore, fromEnd) {
    this.options = options;
    const taken = new Set(this.taken());
    const rows = options.map((one, place) => {
      const row = make("li", { role: "option", id: `${this.list.id}-${place}`, "data-place": place });
      row.setAttribute("aria-selected", String(taken.has(one.id)));
      row.append(make("span", {}, one.text));
      if (one.hint) row.append(" ", make("span", { class: "hint" }, one.hint));
      return row;
    });
    const { none, more, found } = this.root.dataset;
    const note = options.length ? (hasMore ? more : "") : none;
    this.list.replaceChildren(...rows);
    this.list.hidden = !rows.length;
    this.note.textContent = note;
    this.note.hidden = !note;
    this.popup.hidden = false;
    this.input.setAttribute("aria-expanded", "true");
    this.told.textContent = options.length ? `${options.length} ${found}. ${note}` : none;
    this.active = -1;
    this.input.removeAttribute("aria-activedescendant");
    if (fromEnd) this.move(-1);
  }

  taken() {
    if (!this.many) return [this.chosen?.value.split(" ")[0]];
    return [...this.chips.querySelectorAll("input")].map((input) => input.value);
  }

  move(step) {
    if (!this.options.length) return;
    const rows = this.list.querySelectorAll("[role=option]");
    rows[this.active]?.classList.remove("active");
    const from = this.active < 0 && step < 0 ? 0 : this.active;
    this.active = (from + step + rows.length) % rows.length;
    const row = rows[this.active];
    row.classList.add("active");
    row.scrollIntoView({ block: "nearest" });
    this.input.setAttribute("aria-activedescendant", row.id);
  }

  close() {
    clearTimeout(this.timer);
    this.asking?.abort();
    this.root.removeAttribute("aria-busy");
    this.popup.hidden = true;
    this.active = -1;
    this.input.setAttribute("aria-expanded", "false");
    this.input.removeAttribute("aria-activedescendant");
  }

  clear() {
    this.input.value = "";
    if (!this.many && this.chosen) this.chosen.value = "";
  }

  choose(option) {
    if (!option) return;
    if (this.many) {
      if (!this.taken().includes(option.id)) this.chips.append(this.chip(option));
      this.input.value = "";
    } else {
      this.input.value = option.text;
      this.chosen.value = `${option.id} ${option.text}`;
      this.root.querySelector(".candidates")?.remove(); // an answer to what was typed before
    }
    this.close();
    this.told.textContent = option.text;
    this.root.dispatchEvent(new CustomEvent("chosen", { bubbles: true }));
  }

  chip({ id, text }) {
    const chip = make("li", { class: "chip" });
    const button = make("button", { type: "button", "aria-label": `${this.root.dataset.remove} ${text}` }, "×");
    const hidden = make("input", { type: "hidden", name: this.root.dataset.name, value: id });
    chip.append(make("span", {}, text), button, hidden);
    return chip;
  }

  drop(chip) {
    const next = chip.nextElementSibling?.querySelector("button") || this.input;
    chip.remove();
    next.focus();
    this.root.dispatchEvent(new CustomEvent("chosen", { bubbles: true }));
  }
}

function make(name, attributes = {}, text = "") {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  if (text) element.textContent = text;
  return element;
}

for (const root of document.querySelectorAll("[data-combobox]")) {
  root.hidden = false;
  new Combobox(root);
}
