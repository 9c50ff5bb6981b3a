// The API's description, shown and tried out. Served from here alone: no CDN, no inline script.
const dark = matchMedia("(prefers-color-scheme: dark)");
const follow = () => document.documentElement.classList.toggle("dark-mode", dark.matches);
dark.addEventListener("change", follow);
follow();

const place = document.getElementById("swagger-ui");
SwaggerUIBundle({
  url: place.dataset.schema,
  domNode: place,
  deepLinking: true,
  docExpansion: "none",
  filter: true,
  defaultModelsExpandDepth: 0,
  displayRequestDuration: true,
  persistAuthorization: false,
  validatorUrl: null, // nobody else is told
  syntaxHighlight: { theme: "tomorrow-night" }, // the usual one's numbers are hard to read
});

// What its markup keeps from those who hear the page, or use no mouse. Put right wherever it shows.
const named = (element, name) => element.hasAttribute("aria-label") || element.setAttribute("aria-label", name);
const operation = (element) => element.closest(".opblock")?.querySelector(".opblock-summary-path")?.textContent ?? "";
const repairs = {
  // Headings that leave out a level.
  ".opblock-tag, .models > h4": (heading) => heading.setAttribute("aria-level", "2"),
  ".opblock h4": (heading) => heading.setAttribute("aria-level", "3"),
  ".opblock h5": (heading) => heading.setAttribute("aria-level", "4"),
  // A link within a button that does what the button does.
  ".opblock-summary-control a[href]": (link) => link.removeAttribute("href"),
  // What stands outside of its main.
  ".information-container": (part) => part.setAttribute("role", "region") || named(part, "About this API"),
  ".scheme-container": (part) => part.setAttribute("role", "region") || named(part, "Authorization"),
  ".filter-container": (part) => part.setAttribute("role", "search"),
  ".operation-filter-input": (input) => named(input, "Filter by tag"),
  ".responses-table": (table) => named(table, `Responses: ${table.id}`),
  "select:not([aria-label])": (select) => {
    const parameter = select.closest("tr")?.querySelector(".parameter__name")?.firstChild?.textContent;
    named(select, `${parameter ?? "Media type"} ${operation(select)}`.trim());
  },
  "pre.microlight, .highlight-code pre": (text) => text.setAttribute("tabindex", "0"),
};
let isDue = false;
function repair() {
  isDue = false;
  for (const [selector, change] of Object.entries(repairs)) place.querySelectorAll(selector).forEach(change);
}
new MutationObserver(() => {
  if (!isDue) requestAnimationFrame(repair);
  isDue = true;
}).observe(place, { childList: true, subtree: true });
