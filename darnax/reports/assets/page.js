// The page: fills the controls, draws, and draws again when something is chosen.
const choices = (name, texts) => id(name).replaceChildren(...texts.map((text) => make("option", { textContent: text })));

function summarize() {
  const runs = data.rows.reduce((sum, row) => sum + row.count, 0);
  const part = data.rows.length < data.configurations ? `${data.rows.length} of ` : "";
  const best = data.rows.find((row) => seen(row).best);
  const found = best ? ` · best ${metric()} ${spread(seen(best))}${best.values.length ? ` at ${label(best)}` : ""}` : "";
  id("summary").textContent = `${part}${counted(data.configurations, "configuration")}, ${counted(runs, "run")}${found} · written ${data.made}`;
}

function drawPage() {
  if (!data.rows.length) return;
  for (const name of ["taken", "side"]) id(name).disabled = !chooses();
  summarize(); drawTable(); drawCurves(); drawImportance(); drawMap();
}
function rank() {
  Object.assign(order, { column: swept.length, descending: id("side").value === "highest" });
  drawPage();
}
function kindsOfMap() {
  const narrow = axes.filter((axis) => axis.values.length <= 20).length;  // a heat map shows these
  const map = narrow >= 2 ? ["heat map"] : [];
  const several = axes.length < 2 ? ["points"] : axes.length === 2 && narrow === 2 ? [...map, "slices", "parallel coordinates", "points"] : ["slices", "parallel coordinates", ...map, "points"];
  return [...several, "history", ...(canPair() ? ["paired differences"] : [])];
}

document.title = `${data.title} · darnax compare`;
id("title").textContent = data.title || "no readable run";
id("left-out").append(...data.left_out.map((words) => make("div", { textContent: words })));
id("damaged").append(...data.damaged.flatMap((run) =>
  [make("div", {}, "left out: ", make("a", { href: run.link, textContent: run.name }), ` (${run.damage})`)]));

function fill() {
  choices("metric", data.metrics);
  id("taken").value = data.best ? "best" : "last";
  id("side").value = data.lower ? "lowest" : "highest";
  order.descending = !data.lower;
  offerColumns();
  choices("kind", kindsOfMap());
  for (const name of ["across", "down"]) choices(name, axes.map((axis) => axis.short));
  id("down").selectedIndex = Math.min(1, axes.length - 1);
  id("bands-label").hidden = !hasBands();
  tickFirst(data.rows.filter((row) => Object.keys(row.curves).length).slice(0, 8));
  const another = data.metrics.find((name) => name !== metric() && chooses() && !data.reported.includes(name) && data.rows.some((row) => row.curves[name]));
  if (another) addChart(another);
  listMore();
  id("filter").hidden = !data.columns.length;
  id("filter").placeholder = `filter: ${words(data.rows[0]).slice(0, 2).join(" ")}`;
}

const keyOf = (row) => JSON.stringify(row.values);
extras.keep = () => ({ styles: [...colourOf].map(([row, style]) => [keyOf(row), style]), known: data.rows.map(keyOf), order, charts: [...added.keys()] });
extras.recall = (kept) => {
  const rows = new Map(data.rows.map((row) => [keyOf(row), row])), known = new Set(kept.known);
  colourOf.clear();
  for (const [key, style] of kept.styles) if (rows.has(key)) colourOf.set(rows.get(key), style);
  for (const row of data.rows) if (!known.has(keyOf(row)) && colourOf.size < 8) tick(row, true);  // new since then
  Object.assign(order, kept.order);
  for (const name of [...added.keys()]) added.get(name).previousElementSibling.onclick();
  kept.charts.forEach(addChart);
};

id("filter").oninput = () => { drawTable(); if (id("kind").value === "parallel coordinates") drawMap(); };
id("metric").onchange = drawPage;
for (const name of ["bands", "smoothing", "log-x", "log-y"]) id(name).oninput = id(name).onchange = drawCurves;
id("more").onchange = () => { addChart(id("more").value); drawCurves(); };
for (const name of ["taken", "side"]) id(name).onchange = rank;
for (const name of ["kind", "across", "down"]) id(name).onchange = drawMap;
for (const name of ["curves", "map", "importance"]) fitAll.observe(id(name));

if (data.rows.length) fill();
else for (const part of document.querySelectorAll("nav, main > section:not(:last-child), #filter, #table, section:last-child .note")) part.hidden = true;
start(drawPage);
