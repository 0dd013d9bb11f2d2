/* What scripts add to pages that work without them: countdowns, the search key, forms that send themselves. */
"use strict";

const language = document.documentElement.lang;
const units = [["day", 86400], ["hour", 3600], ["minute", 60], ["second", 1]];

function spelt(seconds) {
  const parts = [];
  for (const [unit, length] of units) {
    const count = Math.floor(seconds / length);
    seconds -= count * length;
    if (count || parts.length) parts.push(new Intl.NumberFormat(language, { style: "unit", unit, unitDisplay: "short" }).format(count));
    if (parts.length === 2) break;
  }
  return parts.join(" ");
}

function tick() {
  for (const element of document.querySelectorAll("[data-until]")) {
    const left = Math.round((Date.parse(element.dataset.until) - Date.now()) / 1000);
    element.textContent = left > 0 ? spelt(left) : element.dataset.over;
    element.classList.toggle("attention", left < 3 * 3600);
  }
}
tick();
setInterval(tick, 1000);

document.addEventListener("keydown", (event) => {
  const typing = event.target.closest("input, textarea, select, [contenteditable]");
  const search = document.querySelector("input[type=search]");
  if (event.key === "/" && !typing && search) {
    event.preventDefault();
    search.focus();
    search.select();
  }
});

document.addEventListener("change", (event) => {
  const form = event.target.form;
  if (form && "sendOnChange" in form.dataset) form.requestSubmit();
});

document.addEventListener("input", (event) => {
  const shown = event.target.dataset.shows;
  if (shown) document.getElementById(shown).textContent = event.target.value;
});
