// What every page shares: its data, elements, the theme, and a page that reloads itself.
const data = JSON.parse(document.getElementById("data").textContent);
const id = (name) => document.getElementById(name);
const css = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
const make = (tag, properties = {}, ...inside) => {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...inside);
  return element;
};
const counted = (n, word) => `${n} ${word}${n === 1 ? "" : "s"}`;

const isDark = () => document.documentElement.dataset.theme === "dark";

function start(draw) {  // draws the page, and again in another theme
  const preferred = matchMedia("(prefers-color-scheme: dark)");
  const paint = (theme) => { document.documentElement.dataset.theme = theme; draw(); };
  id("theme").onclick = () => paint(isDark() ? "light" : "dark");
  preferred.onchange = () => paint(preferred.matches ? "dark" : "light");
  const kept = recall();
  paint(kept.theme || (preferred.matches ? "dark" : "light"));
  for (const [name, range] of Object.entries(kept.ranges || {})) if (id(name) && id(name).data) Plotly.relayout(name, range);
  scrollTo(0, kept.scroll || 0);
  if (data.follow) follow(data.follow);
  document.documentElement.dataset.ready = "yes";
}

// A page that is followed is written again while runs go on. It reloads itself, and keeps in the
// storage of its tab what was selected.
const STORED = `darnax ${location.pathname}`;
const extras = { keep: () => ({}), recall: () => {} };  // of one page: what its controls do not hold
const controls = () => [...document.querySelectorAll("nav [id], section .bar [id]")].filter((element) => /^(INPUT|SELECT)$/.test(element.tagName));

function keep() {
  const values = Object.fromEntries(controls().map((control) => [control.id, control.type === "checkbox" ? control.checked : control.value]));
  const ranges = {};
  for (const plot of document.querySelectorAll(".js-plotly-plot[id]")) {
    for (const axis of ["xaxis", "yaxis"]) {
      const shown = plot.layout[axis];
      if (shown && shown.range && shown.autorange === false) (ranges[plot.id] ||= {})[`${axis}.range`] = shown.range;
    }
  }
  const open = [...document.querySelectorAll("details[id]")].filter((one) => one.open).map((one) => one.id);
  sessionStorage.setItem(STORED, JSON.stringify({ values, ranges, open, theme: document.documentElement.dataset.theme, scroll: scrollY, extra: extras.keep() }));
}

function recall() {
  const text = sessionStorage.getItem(STORED);
  sessionStorage.removeItem(STORED);
  const kept = text ? JSON.parse(text) : {};
  if (!text) return kept;
  extras.recall(kept.extra);
  for (const control of controls()) {
    const value = kept.values[control.id];
    if (control.type === "checkbox") control.checked = value;
    else if (control.tagName !== "SELECT" || [...control.options].some((option) => option.value === value)) control.value = value ?? control.value;
  }
  for (const name of kept.open) if (id(name)) id(name).open = true;
  return kept;
}

function follow(seconds) {
  let touched = 0;
  for (const event of ["pointerdown", "keydown", "wheel"]) addEventListener(event, () => { touched = Date.now(); }, { passive: true });
  id("following").hidden = false;
  id("following").textContent = "following";
  id("following").title = `written ${data.made}; reloads every ${seconds} s`;
  setInterval(() => {
    if (document.hidden || Date.now() - touched < 2000) return;  // not while somebody uses it
    keep();
    location.reload();
  }, 1000 * seconds);
}
