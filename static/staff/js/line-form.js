// A new line's prices, if left out, are the product's: shown as soon as one is picked.

const chosen = document.querySelector("input[name=product-chosen]");
const prices = document.querySelectorAll("[data-product-price]");

async function show() {
  const id = chosen.value.split(" ")[0];
  const answer = id ? await fetch(`../../product/${encodeURIComponent(id)}/prices/`) : null;
  const told = answer?.ok ? await answer.json() : {};
  for (const field of prices) field.placeholder = told[field.dataset.productPrice] ?? "";
}

if (chosen && prices.length) {
  chosen.closest("[data-combobox]").addEventListener("chosen", show);
  show();
}
