// The page: fills the controls, draws, and draws again when something is chosen.
const choices = (id, names) => document.getElementById(id).replaceChildren(...names.map((name) => make("option", { textContent: name })));
const best = data.rows.find((row) => row.best);
const runs = data.rows.reduce((sum, row) => sum + row.runs.length, 0);
const counted = (n, word) => `${n} ${word}${n === 1 ? "" : "s"}`;

document.title = `${data.title} · darnax compare`;
document.getElementById("title").textContent = data.title;
document.getElementById("summary").textContent =
  `${counted(data.rows.length, "configuration")}, ${counted(runs, "run")}, ${data.made}` + (best ? ` · best ${data.metric} ${spread(best)}${best.values.length ? ` at ${label(best)}` : ""}` : "");
document.getElementById("damaged").append(...data.damaged.flatMap((run) =>
  [make("div", {}, "left out: ", make("a", { href: run.link, textContent: run.name }), ` (${run.damage})`)]));

choices("metric", data.metrics);
choices("kind", axes.length > 2 ? ["parallel coordinates", "heat map", "points"] : axes.length === 2 ? ["heat map", "parallel coordinates", "points"] : ["points"]);
choices("across", axes.map((axis) => axis.key));
choices("down", axes.map((axis) => axis.key));
document.getElementById("down").selectedIndex = Math.min(1, axes.length - 1);
document.getElementById("kind-label").hidden = axes.length < 2;
document.getElementById("maps").hidden = !axes.length;
document.getElementById("map-title").textContent = `${data.metric} over what was swept`;
if (!axes.length) document.querySelector("main section").classList.add("wide");

function draw() { drawTable(); drawCurves(); drawMap(); }
function paint(theme) { document.documentElement.dataset.theme = theme; draw(); }

document.getElementById("theme").onclick = () => paint(document.documentElement.dataset.theme === "dark" ? "light" : "dark");
document.getElementById("filter").oninput = drawTable;
for (const id of ["metric", "bands"]) document.getElementById(id).onchange = drawCurves;
for (const id of ["kind", "across", "down"]) document.getElementById(id).onchange = drawMap;

const dark = matchMedia("(prefers-color-scheme: dark)");
dark.onchange = () => paint(dark.matches ? "dark" : "light");
paint(dark.matches ? "dark" : "light");
document.documentElement.dataset.ready = "yes";
