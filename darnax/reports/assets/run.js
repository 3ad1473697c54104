// The page of one run: its result, curves, network, settings, environment, time, checkpoints.
document.title = `${data.title} · darnax`;
id("title").textContent = data.title;
id("summary").append(make("span", { className: `badge ${data.status}`, textContent: data.status }), " ", make("a", { href: data.link, textContent: data.name }), " · ", make("span", { className: "whole", textContent: `written ${data.made}` }));
id("left-out").append(...[...data.notes, ...data.left_out].map((words) => make("div", { textContent: words })));

const card = (name, ...inside) => make("section", {}, make("div", { className: "bar" }, make("h2", { textContent: name })), ...inside);
const note = (words) => make("p", { className: "note", textContent: words });
const partsOf = (key) => key.split(/(?<=[._])/).flatMap((part) => [part, make("wbr")]);  // a long key is folded between its parts
const tableOf = (rows, heads = [], numbers = []) => make("div", { className: "scroll" }, make("table", { className: heads.length ? (numbers.length ? "" : "keys") : "pairs" },
  ...(heads.length ? [make("thead", {}, make("tr", {}, ...heads.map((head, i) => make("th", { className: `fixed ${numbers.includes(i) ? "number" : ""}`, textContent: head }))))] : []),
  make("tbody", {}, ...rows.map((row) => make("tr", {}, ...row.map((cell, i) => make("td", { className: numbers.includes(i) ? "number" : "", }, ...(i ? [cell] : partsOf(cell)))))))));

const facts = make("div", { className: "facts" }, ...data.facts.map(([name, value, more]) =>
  make("div", {}, make("span", { textContent: name }), make("strong", { textContent: value }), make("small", { textContent: more }))));

const charts = data.charts.filter((chart) => chart.curves.length).map((chart) => {
  const log = make("input", { type: "checkbox", id: `log ${chart.kind}`, checked: chart.log });
  const plot = make("div", { className: "plot", id: `chart-${chart.kind}` });
  const constant = chart.constant.map(({ name, value }) => `${name} = ${inShort(value, chart.unit)}`).join(", ");
  const words = [chart.note, constant && `Not drawn, since constant: ${constant}.`].filter(Boolean).join(" ");
  const section = make("section", {}, make("div", { className: "bar" }, make("h2", { textContent: chart.title }), make("label", {}, log, " log scale")), plot, ...(words ? [note(words)] : []));
  log.onchange = () => drawChart({ ...chart, log, plot });
  return { ...chart, log, plot, section };
});
const still = data.charts.filter((chart) => !chart.curves.length && chart.constant.length);
const stillWords = still.map((chart) => `${chart.title}, the same in every row: ${chart.constant.map(({ name, value }) => `${name} = ${inShort(value, chart.unit)}`).join(", ")}.`).join(" ");

// The first curve of every chart, of eval/accuracy for one, has the colour of the configuration on other pages.
const styleOfCurve = (i) => styleOf(((data.colour + i) % palette.length) + palette.length * Math.floor(i / palette.length));

function drawChart({ curves, unit, axis, log, plot }) {
  const weight = Number(id("smoothing").value), bands = [], lines = [];
  curves.forEach((curve, i) => {
    const style = styleOfCurve(i);
    if (curve.sd.length) bands.push(bandOf(curve.x, curve.y, curve.sd, style.color));
    lines.push(...curveOf({ ...curve, style, weight, unit }).map((line) => ({ ...line, legendrank: i })));
  });
  lines.sort((a, b) => b.x.length - a.x.length);  // curves of few points are not hidden by others
  const { lines: down, ...legend } = legendIn(plot, curves.map((curve) => curve.name));
  plot.style.minHeight = `${330 + 19 * (down - 1)}px`;
  draw(plot, [...bands, ...lines], layout({
    hovermode: "x", showlegend: curves.length > 1, legend,
    xaxis: { title: title("epoch"), ...scaleOf(id("log-x").checked, curves.map((curve) => curve.x)), rangemode: "tozero" },
    yaxis: { title: title(axis), tickformat: ticksIn(unit, log.checked), ...scaleOf(log.checked, curves.map((curve) => curve.y)) },
  }));
}

const nav = make("nav", { className: "bar" },
  make("label", {}, "smoothing ", make("input", { type: "range", id: "smoothing", min: 0, max: 0.98, step: 0.02, value: 0 })),
  make("label", {}, make("input", { type: "checkbox", id: "log-x" }), " log epochs"));

const picture = make("img", { className: "wiring", alt: "the connection graph of the network" });
function drawWiring() {  // as an image it runs nothing; its style follows the theme of the page
  const scheme = data.wiring.replace("@media (prefers-color-scheme: dark)", isDark() ? "@media all" : "@media not all")
    .replace("</style>", ".paper { fill: none !important; }</style>");  // the card shows through, with its shadows
  picture.src = `data:image/svg+xml,${encodeURIComponent(scheme)}`;
}

function settings() {
  const from = data.baseline ? `the experiment ${data.baseline}` : "";
  const all = make("details", { id: "all-settings" }, make("summary", { textContent: `all ${counted(data.config.length, "setting")}` }), tableOf(data.config));
  if (!data.config.length) return [note("The configuration of the run cannot be read.")];
  if (data.differences === null) return [note(from ? `The defaults of ${from} are not known here.` : "The run names no experiment to compare with."), all];
  if (!data.differences.length) return [note(`All settings are those of ${from}.`), all];
  return [tableOf(data.differences, ["setting", `in ${data.baseline}`, "in this run"]), all];
}

const more = [...data.files.map((name) => make("a", { href: data.link + name, textContent: name })), make("a", { href: data.link, textContent: "folder" })];
document.querySelector("main").replaceChildren(...[
  data.facts.length ? make("section", { className: "wide" }, facts) : null,
  ...charts.map((chart) => chart.section),
  charts.length ? null : Object.assign(card("Curves", note("Nothing has been logged yet.")), { className: "wide" }),
  Object.assign(card("Network", ...(data.wiring ? [make("div", { className: "scroll" }, picture)] : [note(data.wiring_note)]), ...(stillWords ? [note(stillWords)] : [])), { className: "wide" }),
  Object.assign(card("Configuration", ...settings()), { className: "double" }),
  card("Time and checkpoints", tableOf(data.time), data.checkpoints.length ? tableOf(data.checkpoints, ["checkpoint", "size", "written"], [1]) : note("There is no checkpoint."), make("p", { className: "links" }, ...more)),
  data.environment.length ? Object.assign(card("Environment", tableOf(data.environment), ...(data.more_environment.length ? [make("details", { id: "all-environment" }, make("summary", { textContent: "more" }), tableOf(data.more_environment))] : [])), { className: data.log ? "double" : "wide" }) : null,
  data.log ? card("Log", make("pre", { textContent: data.log })) : null,
].filter(Boolean));
document.querySelector("main").className = "dense";
document.querySelector("main").before(nav);
if (!charts.length) nav.hidden = true;

const drawAll = () => { charts.forEach(drawChart); drawWiring(); };
for (const name of ["smoothing", "log-x"]) id(name).oninput = () => charts.forEach(drawChart);
charts.forEach((chart) => fitAll.observe(chart.plot));
start(drawAll);
