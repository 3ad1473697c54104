// The page: fills the controls, draws, and draws again when something is chosen.
const choices = (name, texts) => id(name).replaceChildren(...texts.map((text) => make("option", { textContent: text })));

function summarize() {
  const runs = data.rows.reduce((sum, row) => sum + row.count, 0);
  const part = data.rows.length < data.configurations ? `${data.rows.length} of ` : "";
  const best = data.rows.find((row) => seen(row).best);
  const found = best ? ` · best ${metric()} ${spread(seen(best))}${best.values.length ? ` at ${label(best)}` : ""}` : "";
  id("summary").textContent = `${part}${counted(data.configurations, "configuration")}, ${counted(runs, "run")}, ${data.made}${found}`;
}

function draw() {
  for (const name of ["taken", "side"]) id(name).disabled = !chooses();
  summarize(); drawTable(); drawCurves(); drawMap();
}
function paint(theme) { document.documentElement.dataset.theme = theme; draw(); }
function rank() {
  Object.assign(order, { column: swept.length, descending: id("side").value === "highest" });
  draw();
}

document.title = `${data.title} · darnax compare`;
id("title").textContent = data.title;
id("left-out").append(...data.left_out.map((words) => make("div", { textContent: words })));
id("damaged").append(...data.damaged.flatMap((run) =>
  [make("div", {}, "left out: ", make("a", { href: run.link, textContent: run.name }), ` (${run.damage})`)]));

choices("metric", data.metrics);
id("taken").value = data.best ? "best" : "last";
id("side").value = data.lower ? "lowest" : "highest";
order.descending = !data.lower;
choices("kind", axes.length > 2 ? ["parallel coordinates", "heat map", "points"] : axes.length === 2 ? ["heat map", "parallel coordinates", "points"] : ["points"]);
for (const name of ["across", "down"]) choices(name, axes.map((axis) => axis.short));
id("down").selectedIndex = Math.min(1, axes.length - 1);
id("kind-label").hidden = axes.length < 2;
id("maps").hidden = !axes.length;
if (!axes.length) id("curves").parentElement.classList.add("wide");
data.rows.filter((row) => Object.keys(row.curves).length).slice(0, 8).forEach((row) => tick(row, true));

id("filter").placeholder = `filter: ${words(data.rows[0] || { values: [] }).slice(0, 2).join(" ")}`;

id("theme").onclick = () => paint(document.documentElement.dataset.theme === "dark" ? "light" : "dark");
id("filter").oninput = drawTable;
id("metric").onchange = draw;
id("bands").onchange = drawCurves;
for (const name of ["taken", "side"]) id(name).onchange = rank;
for (const name of ["kind", "across", "down"]) id(name).onchange = drawMap;

for (const name of ["curves", "map"]) new ResizeObserver(() => id(name).data && Plotly.Plots.resize(name)).observe(id(name));

const dark = matchMedia("(prefers-color-scheme: dark)");
dark.onchange = () => paint(dark.matches ? "dark" : "light");
paint(dark.matches ? "dark" : "light");
document.documentElement.dataset.ready = "yes";
