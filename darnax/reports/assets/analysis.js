// The measures of one run: a card for every figure, with a choice where it has several panels.
document.title = `${data.title} · darnax`;
id("title").textContent = data.title;
const scores = Object.entries(data.metrics).map(([name, value]) => `${name} ${written(value, name.endsWith("accuracy") ? "percent" : "")}`);
id("summary").textContent = [data.name, data.status, data.checkpoint].filter(Boolean).join(" · ");
if (scores.length) id("left-out").textContent = `at the end of training: ${scores.join(" · ")}`;

const cards = data.figures.map((figure, i) => {
  const choice = make("select", { id: `panel-${i}`, ariaLabel: `Which ${figure.title}` }, ...Object.keys(figure.panels).map((name) => make("option", { textContent: name })));
  const plot = make("div", { className: "plot", id: `figure-${i}` });
  choice.hidden = choice.options.length < 2;
  const card = { figure, choice, plot };
  choice.onchange = () => drawFigure(card);
  const bar = make("div", { className: "bar" }, make("h2", { textContent: figure.title }), choice);
  return { ...card, section: make("section", { className: data.figures.length < 2 ? "wide" : "" }, bar, plot, make("p", { className: "note", textContent: figure.note })) };
});
document.querySelector("main").replaceChildren(...cards.map((card) => card.section));
cards.forEach((card) => fitAll.observe(card.plot));

const unitAlong = ({ percent }, axis) => (percent.includes(axis) ? "percent" : "");
// A long name of a category is written in several lines.
const folded = (text) => quoted(text).replace(/(.{8,}?) /g, "$1<br>");

function traceOf(figure, trace, i) {
  const { kind, scale, steps } = figure;
  const { color, dash } = styleOf(i), name = quoted(trace.name);
  const format = unitAlong(figure, "y") ? ".2%" : ",.4~r";
  const y = scale === "log" ? trace.y.map((value) => (value > 0 ? value : null)) : trace.y;  // 0 has no place there
  const x = trace.x.map((value) => (typeof value === "string" ? quoted(value) : value));
  if (kind === "bars") return { type: "bar", name, x: x.map(String), y, marker: { color }, textposition: "outside", cliponaxis: false, texttemplate: x.length < 8 ? `%{y:${format}}` : "" };
  if (kind === "points") return { type: "scatter", mode: "markers", name, x, y, marker: { color, size: x.length > 200 ? 4 : 7, opacity: 0.7 } };
  if (steps) return { name, x, y, mode: "lines", line: { color, dash, width: 2, shape: "hvh" }, fill: "tozeroy", fillcolor: faint(palette[i % palette.length], 0.12) };
  const errors = trace.error && { type: "data", array: trace.error, thickness: 1.5, width: 4 };
  return { name, x, y, error_y: errors, mode: x.length < 40 ? "lines+markers" : "lines", line: { color, dash, width: 2 }, marker: { size: 5 } };
}

function unitCircle() {
  return { type: "circle", xref: "x", yref: "y", x0: -1, y0: -1, x1: 1, y1: 1, line: { color: css("--soft"), width: 1.5, dash: "dash" } };
}

// A histogram is shown with zero, where stable units begin, inside its range.
const zero = () => ({ type: "line", xref: "x", yref: "paper", x0: 0, x1: 0, y0: 0, y1: 1, line: { color: MARK, width: 1.5, dash: "dot" } });
function aroundZero(traces) {
  const all = traces.flatMap((trace) => trace.x), low = Math.min(0, ...all), high = Math.max(0, ...all);
  return [low - 0.05 * (high - low), high + 0.02 * (high - low)];
}

// Steps are whole numbers, and so are their ticks.
function wholeTicks(values) {
  const span = Math.max(...values) - Math.min(...values);
  return values.length && values.every(Number.isInteger) && span <= 10 ? { dtick: 1 } : {};
}

// A logarithmic axis of less than two decades has ticks at 1, 2 and 5.
function decades(values) {
  const positive = values.filter((value) => value > 0);
  return { dtick: Math.max(...positive) < 100 * Math.min(...positive) ? "D2" : 1 };
}

function drawFigure({ figure, choice, plot }) {
  const traces = (figure.panels[choice.value] || []).map((trace, i) => traceOf(figure, trace, i));
  const isComplex = figure.kind === "points", isBars = figure.kind === "bars";
  const names = isBars ? [...new Set(traces.flatMap((trace) => trace.x))] : [];
  const [across, up] = figure.axes;
  const along = traces.flatMap((trace) => trace.x), values = traces.flatMap((trace) => trace.y);
  const radius = Math.max(1, ...traces.flatMap((trace) => [...trace.x, ...trace.y].map(Math.abs))), disc = [-1.08 * radius, 1.08 * radius];
  const frame = layout({
    hovermode: isComplex ? "closest" : "x", showlegend: traces.length > 1, barmode: "group", shapes: isComplex ? [unitCircle()] : figure.steps ? [zero()] : [],
    xaxis: { title: title(across), type: isBars ? "category" : undefined, showgrid: !isBars, ...(isBars || figure.steps ? {} : wholeTicks(along)), tickformat: ticksIn(unitAlong(figure, "x")), ...(isBars ? { tickvals: names, ticktext: names.map((name) => folded(name)) } : {}), ...(isComplex ? { range: disc } : {}), ...(figure.steps ? { range: aroundZero(traces) } : {}) },
    yaxis: { title: title(up), type: figure.scale, ...(figure.scale === "log" ? decades(values) : {}), tickformat: ticksIn(unitAlong(figure, "y"), figure.scale === "log"), ...(isComplex ? { scaleanchor: "x", range: disc } : {}) },
  });
  if (isComplex) frame.legend.itemsizing = "constant";  // its points are small
  draw(plot, traces, frame);
}

start(() => cards.forEach(drawFigure));
