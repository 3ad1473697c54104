// Curves: for every ticked row the mean over its seeds, and a band of one standard deviation around it.
const LEGEND = 200;  // characters of the legend in a chart
const colour = (row) => styleOf(colourOf.get(row)).color;
const ticks = () => ticksIn(unitOf(metric()));
const added = new Map();  // metric -> its chart, besides that of the compared metric

const legendRows = () => data.rows.filter((row) => colourOf.has(row) && [metric(), ...added.keys()].some((name) => row.curves[name]));
const isShort = (rows) => rows.map((row) => label(row, rows)).join().length < LEGEND;

function drawLegend() {  // one for all charts, where it would be too long in each
  const rows = legendRows();
  id("legend").hidden = isShort(rows) || rows.length > 30;
  id("legend").replaceChildren(...rows.map((row) => make("span", {}, lineSample(row), ` ${label(row, rows)}`)));
}

const hasBands = () => data.rows.some((row) => Object.values(row.curves).some(([, , sd]) => sd.some((value) => value !== null)));

function drawCurves() {
  drawLegend();
  const isLogged = data.rows.some((row) => row.curves[metric()]);
  id("curves").parentElement.hidden = !isLogged && added.size > 0;
  if (isLogged || !added.size) drawChart("curves", metric());
  for (const [name, plot] of added) drawChart(plot, name);
}

function drawChart(plot, name) {
  const rows = data.rows.filter((row) => colourOf.has(row) && row.curves[name]);
  const unit = unitOf(name), weight = Number(id("smoothing").value), bands = [], lines = [];
  for (const row of rows) {
    const [x, y, sd] = row.curves[name];
    const text = sd.map((value) => (value === null ? "" : ` ± ${written(value, unit)}`));
    if (id("bands").checked && sd.some((value) => value !== null)) bands.push(bandOf(x, smooth(y, weight), sd, colour(row)));
    lines.push(...curveOf({ x, y, name: label(row, rows), style: styleOf(colourOf.get(row)), weight, unit, text }));
  }
  const { lines: _, ...legend } = legendIn(typeof plot === "string" ? id(plot) : plot, rows.map((row) => label(row, rows)));
  const once = data.rows.every((row) => !row.curves[name]);
  const isEmpty = data.rows.every((row) => valueOf(row) === null);
  const none = isEmpty ? "nothing has been logged yet" : once ? "logged once a run: there is no curve" : "tick a row of the table to see its curve";
  draw(plot, [...bands, ...lines], layout({
    hovermode: "x", showlegend: data.columns.length > 0 && rows.length > 0 && isShort(legendRows()), legend,
    xaxis: { title: title("epoch"), rangemode: "tozero", visible: rows.length > 0, ...scaleOf(id("log-x").checked, rows.map((row) => row.curves[name][0])) },
    yaxis: { title: title(name), tickformat: ticksIn(unit, id("log-y").checked), visible: rows.length > 0, ...scaleOf(id("log-y").checked, rows.map((row) => row.curves[name][1])) },
    annotations: rows.length ? [] : [{ text: none, showarrow: false, xref: "paper", yref: "paper" }],
  }));
}

function addChart(name) {
  if (!data.metrics.includes(name) || added.has(name)) return;
  const plot = make("div", { className: "plot", id: `chart-${name}` });
  const remove = make("button", { type: "button", className: "remove", title: `remove the chart of ${name}`, textContent: "×" });
  const chart = make("div", { className: "chart" }, remove, plot);
  remove.onclick = () => { fitAll.unobserve(plot); added.delete(name); chart.remove(); listMore(); };
  id("charts").append(chart);
  added.set(name, plot);
  fitAll.observe(plot);
  listMore();
}

function listMore() {  // metrics that can be added
  const curved = data.metrics.filter((name) => !added.has(name) && data.rows.some((row) => row.curves[name]));
  id("more").replaceChildren(make("option", { textContent: "…", value: "" }), ...curved.map((name) => make("option", { textContent: name })));
}
