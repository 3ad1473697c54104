// What every chart has: its colours and frame, numbers with units, and files of its picture and numbers.
// The first six are those of Okabe and Ito; the others were chosen to be as far from these and from
// each other as possible in CIELAB, also for the red- and the green-blind (Machado and others, 2009).
const palette = ["#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#7869FF", "#5A3C0F", "#C3B469", "#780F69", "#1E4B3C", "#2D00FF"];
const onDark = { "#0072B2": "#4088EA", "#56B4E9": "#9ADCF8", "#5A3C0F": "#FFD2C3", "#C3B469": "#FFF000", "#780F69": "#B400A5", "#1E4B3C": "#E1F096", "#2D00FF": "#3C3CFF" };  // else too dark on a dark page, or too similar there
const dashes = ["solid", "dash", "dot", "dashdot"], symbols = ["circle", "square", "diamond", "triangle-up"];
const shown = (colour) => (isDark() && onDark[colour]) || colour;
const colourAt = (i) => shown(palette[i % palette.length]);
// Curves of one colour differ in their dashes and in their markers.
function styleOf(i) {
  const round = Math.floor(i / palette.length);
  return { color: colourAt(i), dash: dashes[round % dashes.length], symbol: symbols[(i + round) % symbols.length] };
}
const GREY = "#8a929c", MARK = "#D55E00";
const faint = (hex, alpha) => `rgba(${[1, 3, 5].map((i) => parseInt(hex.slice(i, i + 2), 16)).join(",")},${alpha})`;

const quoted = (text) => String(text).replaceAll("&", "&amp;").replaceAll("<", "&lt;");  // Plotly reads tags in what it draws
const inTemplate = (text) => quoted(text).replaceAll("%{", "% {");  // and in a template also what is in braces
const title = (text) => ({ text: quoted(text), font: { size: 12, color: css("--soft") }, standoff: 12 });
const written = (x, unit) => (x === null || x === undefined ? "" : unit === "percent" ? (100 * x).toFixed(2) + "%" : String(Number(x.toPrecision(4))));
const inShort = (x, unit) => (unit === "percent" ? `${Number((100 * x).toPrecision(4))}%` : written(x, unit));
const ticksIn = (unit, log) => (unit === "percent" ? ".4~%" : log ? ".3~g" : "");

// A logarithmic axis of at most three decades has ticks at 1, 2 and 5, if it has one at all.
function scaleOf(isLog, values) {
  if (!isLog) return { type: "linear" };
  const positive = values.flat().filter((value) => value > 0);
  const decades = Math.log10(positive.reduce((a, b) => Math.max(a, b), 0) / positive.reduce((a, b) => Math.min(a, b), Infinity));
  return { type: "log", ...(decades > 0.7 && decades < 3 ? { dtick: "D2" } : {}) };
}

function layout(more = {}) {
  const axis = { gridcolor: css("--line"), zerolinecolor: css("--line"), linecolor: css("--line"), automargin: true, exponentformat: "power", minexponent: 6, separatethousands: true };
  const axes = Object.keys(more).filter((name) => /^[xy]axis\d*$/.test(name));
  const all = Object.fromEntries([...new Set(["xaxis", "yaxis", ...axes])].map((name) => [name, { ...axis, ...more[name] }]));
  return {
    paper_bgcolor: css("--card"), plot_bgcolor: "rgba(0,0,0,0)", margin: { l: 56, r: 16, t: 32, b: 44 },
    modebar: { bgcolor: "rgba(0,0,0,0)", color: css("--soft"), activecolor: css("--accent") },
    font: { color: css("--ink"), size: 12, family: "system-ui, sans-serif" },
    hoverlabel: { bgcolor: css("--card"), bordercolor: css("--line"), font: { color: css("--ink") }, namelength: -1 },
    ...more, ...all,
    legend: { orientation: "h", x: 0, xref: "container", y: 0, yref: "container", yanchor: "bottom", font: { size: 11 }, ...more.legend },
  };
}

// A legend of as many columns as its names have room for, and the number of its lines.
const ruler = make("canvas").getContext("2d");
const cutTo = (text, room) => {  // as much of a text as fits
  let end = text.length;
  while (end > 1 && widthOf([text.slice(0, end) + (end < text.length ? "…" : "")]) > room) end -= 1;
  return end < text.length ? `${text.slice(0, end)}…` : text;
};
const widthOf = (words) => Math.max(0, ...words.map((text) => ruler.measureText(text).width));
ruler.font = "12px system-ui, sans-serif";
function legendIn(plot, names) {
  const room = plot.offsetWidth - 74, lengths = names.map((name) => 50 + (11 / 12) * widthOf([name]));
  if (lengths.reduce((sum, length) => sum + length, 0) < room) return { lines: 1 };
  const columns = Math.max(1, Math.min(names.length, Math.floor(room / (Math.max(...lengths) - 6))));
  return { entrywidthmode: "fraction", entrywidth: 1 / columns, lines: Math.ceil(names.length / columns) };
}

// Text in the cells of a heat map, black or white, whichever is the easier to read on its colour.
function wordsOf(cells, width) {  // cells: x, y, text and ink; width of one in pixels
  const shown = cells.filter(({ text }) => text), size = Math.min(12, (12 * (width - 6)) / widthOf(shown.map(({ text }) => text)));
  return { type: "scatter", mode: "text", x: shown.map(({ x }) => x), y: shown.map(({ y }) => y), text: shown.map(({ text }) => (size < 7 ? "" : text)), textfont: { size: Math.max(size, 1), color: shown.map(({ ink }) => ink) }, hoverinfo: "skip", showlegend: false, meta: "decoration" };
}

function inkOn(scale, t) {
  const i = Math.max(1, scale.findIndex(([at]) => at >= t));
  const [[from, a], [to, b]] = [scale[i - 1], scale[i]];
  const linear = [1, 3, 5].map((k) => {
    const [low, high] = [a, b].map((hex) => parseInt(hex.slice(k, k + 2), 16) / 255);
    const channel = low + ((high - low) * (t - from)) / (to - from);
    return channel <= 0.04 ? channel / 12.92 : ((channel + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2] > 0.18 ? "#000000" : "#ffffff";
}

function roundTicks(low, high, log) {  // at most about seven
  if (!(high > low)) return [low];
  if (log) {
    const all = [];
    for (let power = Math.floor(Math.log10(low)); power <= Math.ceil(Math.log10(high)); power += 1) for (const digit of [1, 2, 5]) all.push(Number((digit * 10 ** power).toPrecision(1)));
    const inside = all.filter((value) => value >= low && value <= high);
    return inside.length > 7 ? inside.filter((value) => /^[1.0e+-]+$/.test(String(value))) : inside.length ? inside : [low, high];
  }
  const step = [1, 2, 5, 10].map((digit) => digit * 10 ** Math.floor(Math.log10((high - low) / 5))).find((one) => (high - low) / one <= 6);
  return Array.from({ length: 8 }, (_, i) => Number(((Math.ceil(low / step) + i) * step).toPrecision(12))).filter((value) => value <= high);
}

// The table of a chart: one line a point. A text that a spreadsheet would compute is quoted.
function csvOf(traces) {
  const cell = (value) => {
    if (value === null || value === undefined) return "";
    const text = typeof value === "string" && /^[=+\-@\t\r]/.test(value) ? `'${value}` : String(value);
    return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  const plain = (value) => (typeof value === "string" ? value.replaceAll("&lt;", "<").replaceAll("&amp;", "&") : value);
  const lines = [["series", "x", "y"]];
  for (const trace of traces) {
    if (trace.meta === "decoration") continue;
    if (trace.z && !trace.meta) trace.z.forEach((row, i) => row.forEach((z, j) => lines.push([plain(trace.y[i]), plain(trace.x[j]), z])));
    else (trace.meta?.rows || trace.x.map((x, i) => [plain(x), plain(trace.y[i])])).forEach((row) => lines.push([plain(trace.name ?? ""), ...row]));
  }
  return lines.map((line) => line.map(cell).join(",")).join("\n") + "\n";
}

function saveCsv(plot) {
  const url = URL.createObjectURL(new Blob([csvOf(plot.data)], { type: "text/csv" }));
  make("a", { href: url, download: `${plot.id || "chart"}.csv` }).click();
  setTimeout(() => URL.revokeObjectURL(url), 1000);
}

const configuration = {
  responsive: true, displaylogo: false, plotlyServerURL: "",
  modeBarButtonsToRemove: ["select2d", "lasso2d", "autoScale2d", "zoomIn2d", "zoomOut2d", "sendChartToCloud", "toImage"],
  modeBarButtonsToAdd: [
    { name: "SVG", title: "Save the chart as SVG", icon: Plotly.Icons.camera, click: (plot) => Plotly.downloadImage(plot, { format: "svg", filename: plot.id || "chart" }) },
    { name: "CSV", title: "Save the numbers as CSV", icon: Plotly.Icons.disk, click: saveCsv },
  ],
};

const draw = (plot, traces, how) => Plotly.react(plot, traces, how, configuration);
const fitAll = new ResizeObserver((seen) => seen.forEach(({ target }) => target.data && target.offsetWidth && Plotly.Plots.resize(target)));

// Exponential moving average, weighted so that the first values count fully (as Adam's moments).
function smooth(values, weight) {
  let sum = 0, total = 0;
  return values.map((value) => {
    if (value === null || !weight) return value;
    sum = weight * sum + (1 - weight) * value;
    total = weight * total + (1 - weight);
    return sum / total;
  });
}

function bandOf(x, mean, sd, colour) {  // mean ± sd
  const there = x.map((_, i) => i).filter((i) => mean[i] !== null && sd[i] !== null && sd[i] !== undefined);
  const back = [...there].reverse();
  return {
    x: [...there, ...back].map((i) => x[i]), y: [...there.map((i) => mean[i] + sd[i]), ...back.map((i) => mean[i] - sd[i])],
    fill: "toself", fillcolor: faint(colour, 0.16), line: { width: 0 }, mode: "lines", hoverinfo: "skip", showlegend: false, meta: "decoration",
  };
}

// A curve; where it is smoothed, what was logged stays behind it. One point alone is a marker.
function curveOf({ x, y, name, style, weight, unit, text }) {
  const line = {
    x, y: smooth(y, weight), name: quoted(name), mode: x.length < 40 ? "lines+markers" : "lines", line: { color: style.color, dash: style.dash, width: 2 },
    marker: { size: x.length === 1 ? 9 : 6, color: style.color, symbol: style.symbol }, text: text || "", hovertemplate: `%{y:${unit === "percent" ? ".2%" : ".4~g"}}%{text}`, meta: { rows: x.map((at, i) => [at, y[i]]) },
  };
  if (!weight || x.length < 3) return [line];
  return [{ x, y, mode: "lines", line: { color: faint(style.color, 0.25), width: 1 }, hoverinfo: "skip", showlegend: false, meta: "decoration" }, line];
}
