// The metric over what was swept, in several pictures of the same rows.
const measured = () => data.rows.filter((row) => seen(row).mean !== null);
const unfinished = () => data.rows.filter((row) => seen(row).mean === null && stopped(row) !== null);
const valueOf = (row) => seen(row).mean ?? stopped(row);
const axisOf = (column, i, rows) => ({ ...column, i, values: [...new Set(rows.map((row) => row.values[i]))].sort(inOrder) });
const axes = data.columns.map((column, i) => axisOf(column, i, data.rows)).filter((axis) => axis.values.length > 1);
const current = (axis) => axisOf(axis, axis.i, [...measured(), ...unfinished()]);
// Cividis, so that the best is far from the background in both themes.
const cividis = ["#00224e", "#1d3e6e", "#434e6c", "#616270", "#7f7c75", "#a29672", "#c9b564", "#fee838"];
const shades = () => {
  const fromWorst = isDark() ? cividis.slice(1) : [...cividis].slice(0, 7).reverse();
  return fromWorst.map((colour, i) => [i / (fromWorst.length - 1), colour]);
};
const isLowest = () => id("side").value === "lowest";
const colours = () => ({ colorscale: shades(), reversescale: isLowest(), colorbar: { thickness: 12, outlinewidth: 0, tickformat: ticks(), exponentformat: "power" } });
const numeric = (axis) => axis.values.length > 0 && axis.values.every((value) => typeof value === "number");
const average = (rows) => rows.reduce((sum, row) => sum + seen(row).mean, 0) / rows.length;
const named = (value) => (typeof value === "number" ? value : quoted(value));
const brief = (value) => String(value).replace(/^(.{15}).{2,}$/, "$1…");

// A key that a search drew on a logarithmic scale, or whose values lie more evenly on one.
function isLog(axis) {
  if (axis.log === false || !numeric(axis) || axis.values[0] <= 0) return false;
  if (axis.log) return true;
  if (axis.values.at(-1) < 8 * axis.values[0]) return false;
  const middle = axis.values[Math.floor(axis.values.length / 2)];
  const [low, high] = [axis.values[0], axis.values.at(-1)];
  return Math.abs(Math.log(middle / Math.sqrt(low * high))) < Math.abs(Math.log(middle / ((low + high) / 2)));
}

// Ticks at the values themselves where there is space for all of them.
function few(axis, most = 10) {
  if (!numeric(axis) || axis.values.length > most) return {};
  const place = isLog(axis) ? Math.log : (value) => value;
  const [low, high] = [place(axis.values[0]), place(axis.values.at(-1))];
  const isTight = axis.values.slice(1).some((value, i) => place(value) - place(axis.values[i]) < (high - low) / most);
  return isTight ? {} : { tickvals: axis.values, ticktext: axis.values.map(String) };
}

const axisFrame = (axis, most) => ({ title: title(axis.short), ...(numeric(axis) ? { type: isLog(axis) ? "log" : "linear" } : { type: "category", categoryorder: "array", categoryarray: axis.values.map(named) }), ...(isLog(axis) ? logTicks(axis) : {}), ...few(axis, most) });
const logTicks = ({ values }) => {
  const tickvals = roundTicks(values[0], values.at(-1), true);
  return { tickvals, ticktext: tickvals.map(String) };
};
const outcome = () => ({ title: title(metric()), tickformat: ticks() });
const kindsOf = () => {
  const best = measured().filter((row) => seen(row).best);
  return [
    { name: "finished", rows: measured().filter((row) => !seen(row).best), marker: { color: colourAt(0), size: 8, opacity: 0.75 } },
    { name: "best", rows: best, marker: { color: MARK, size: 13, symbol: "star" } },
    { name: "not finished: last value", rows: unfinished(), marker: { color: GREY, size: 8, symbol: "circle-open", line: { width: 1.5 } } },
  ].filter(({ rows }) => rows.length);
};

function scattered(x, more = {}) {  // every row as a point, by kind
  const isCrowded = data.rows.length > 100;
  return kindsOf().map(({ name, rows, marker }) => ({
    name, x: rows.map(x), y: rows.map(valueOf), mode: "markers", marker: isCrowded && name !== "best" ? { ...marker, size: 5, opacity: isDark() ? 0.75 : 0.5 } : marker, text: rows.map((row) => `${quoted(label(row))}<br>${spread(seen(row)) || figure(stopped(row))}`),
    error_y: { type: "data", visible: !isCrowded, array: rows.map((row) => seen(row).sd || 0), color: faint(colourAt(0), 0.5), thickness: 1.5, width: 0 }, hovertemplate: "%{text}<extra></extra>", ...more,
  }));
}

function points(axis) {
  const traces = scattered((row) => named(row.values[axis.i]));
  const counts = measured().length === current(axis).values.length;
  const inLine = axis.values.flatMap((value) => measured().filter((row) => row.values[axis.i] === value));
  const line = { x: inLine.map((row) => named(row.values[axis.i])), y: inLine.map(valueOf), mode: "lines", line: { color: faint(colourAt(0), 0.4), width: 2 }, hoverinfo: "skip", showlegend: false, meta: "decoration" };
  return [[...(counts && numeric(axis) ? [line] : []), ...traces], layout({
    showlegend: traces.length > 1, xaxis: { ...axisFrame(axis), title: title(axis.key) }, yaxis: outcome(), legend: { itemsizing: "constant" },
  })];
}

function slices() {  // the same points over each key
  const keys = axes.slice(0, 6).map(current);
  const traces = [], frames = {};
  const across = innerWidth < 700 || keys.length === 4 ? 2 : Math.min(3, keys.length);
  const down = Math.ceil(keys.length / across), height = 200 * down + 200;
  id("map").style.minHeight = `${height}px`;
  keys.forEach((axis, k) => {
    const suffix = k ? k + 1 : "", column = k % across, line = Math.floor(k / across);
    traces.push(...scattered((row) => named(row.values[axis.i]), { xaxis: `x${suffix}`, yaxis: `y${suffix}` }).map((trace) => ({ ...trace, legendgroup: trace.name, showlegend: k === 0 })));
    const gap = 0.06 / across, top = 1 - line / down, bottom = 1 - (line + 1) / down;
    const room = (id("map").offsetWidth - 74) / across / axis.values.length - 12;  // of the name of a category
    const names = numeric(axis) ? {} : { tickvals: axis.values.map(named), ticktext: axis.values.map((value) => quoted(cutTo(String(value), room))), tickangle: 0, range: [-0.5, axis.values.length - 0.5] };
    frames[`xaxis${suffix}`] = { ...axisFrame(axis, 5), ...names, nticks: 5, domain: [column / across + (column ? gap : 0), (column + 1) / across], anchor: `y${suffix}` };
    frames[`yaxis${suffix}`] = { tickformat: ticks(), domain: [bottom + (line < down - 1 ? 64 / height : 0), top], anchor: `x${suffix}`, matches: k ? "y" : undefined, showticklabels: column === 0, ...(column === 0 ? { title: title(metric()) } : {}) };
  });
  return [traces, layout({ showlegend: kindsOf().length > 1, legend: { itemsizing: "constant" }, margin: { l: 56, r: 12, t: 32, b: 64 }, ...frames })];
}

function heat(across, down) {
  const at = (x, y) => measured().filter((row) => row.values[across.i] === x && row.values[down.i] === y);
  const cells = down.values.map((y) => across.values.map((x) => at(x, y)));
  const means = cells.flat().filter((rows) => rows.length).map(average);
  const [low, high] = [Math.min(...means), Math.max(...means)], scale = shades();
  const inkOf = (rows) => {
    const t = high > low ? (average(rows) - low) / (high - low) : 0.5;
    return inkOn(scale, isLowest() ? 1 - t : t);
  };
  const word = (rows) => (!rows.length ? "" : rows.length === 1 && across.values.length <= 4 ? spread(seen(rows[0])) : figure(average(rows)));
  const isLegible = across.values.length <= 8 && down.values.length <= 12;
  const inCells = cells.flatMap((line, j) => line.map((rows, i) => (rows.length && isLegible ? { x: quoted(across.values[i]), y: quoted(down.values[j]), text: word(rows), ink: inkOf(rows) } : {})));
  return [[{
    type: "heatmap", z: cells.map((line) => line.map((rows) => (rows.length ? average(rows) : null))), ...colours(),
    x: across.values.map((x) => quoted(x)), y: down.values.map((y) => quoted(y)), xgap: 2, ygap: 2,
    customdata: cells.map((line) => line.map((rows) => `${word(rows)} over ${counted(rows.length, "configuration")}`)),
    hovertemplate: `${inTemplate(across.short)}=%{x}, ${inTemplate(down.short)}=%{y}<br>%{customdata}<extra></extra>`,
  }, wordsOf(inCells, (id("map").offsetWidth - 160) / across.values.length)], layout({
    xaxis: { title: title(across.key), type: "category", showgrid: false, range: [-0.5, across.values.length - 0.5] },
    yaxis: { title: title(down.key), type: "category", showgrid: false, range: [-0.5, down.values.length - 0.5] },
  })];
}

function history() {  // of a search: the value of every point in the order in which they began, and the best so far
  const begun = [...measured(), ...unfinished()].filter((row) => row.runs.length).sort((a, b) => (first(a) < first(b) ? -1 : 1));
  const position = new Map(begun.map((row, i) => [row, i + 1]));
  const better = isLowest() ? Math.min : Math.max;
  let best = null;
  const soFar = begun.map((row) => (best = seen(row).mean === null ? best : best === null ? seen(row).mean : better(best, seen(row).mean)));
  const line = { name: "best so far", x: begun.map((_, i) => i + 1), y: soFar, mode: "lines", line: { shape: "hv", color: MARK, width: 2 }, hoverinfo: "skip" };
  return [[line, ...scattered((row) => position.get(row))], layout({ showlegend: true, xaxis: { title: title("points, in the order of their start") }, yaxis: outcome() })];
}
const first = (row) => row.runs.reduce((least, run) => (run.name < least ? run.name : least), row.runs[0].name);

function drawMap() {
  id("maps").hidden = !axes.length || data.rows.every((row) => valueOf(row) === null);
  if (id("maps").hidden) return;
  const chosen = (name) => current(axes[id(name).selectedIndex]);
  const kind = id("kind").value;
  id("map").style.minHeight = "";
  id("across-label").hidden = !["points", "heat map"].includes(kind);
  id("down-label").hidden = kind !== "heat map";
  const [traces, how] = { points: () => points(chosen("across")), "heat map": () => heat(chosen("across"), chosen("down")), slices, history, "parallel coordinates": parallel, "paired differences": paired }[kind]();
  id("map-note").textContent = [notesOf[kind], explainPoints(kind)].filter(Boolean).join(" ");
  draw("map", traces, how);
}
function explainPoints(kind) {  // of the pictures with a point for every configuration
  if (!["slices", "points", "history"].includes(kind)) return "";
  const isBarred = data.rows.length <= 100 && data.rows.some((row) => seen(row).sd);
  const sentences = ["One point for every configuration", ...(isBarred ? ["bars: ± standard deviation over seeds"] : []), ...(unfinished().length ? ["runs that did not finish, such as pruned ones, are at their last value"] : [])];
  return `${sentences.join("; ")}.`;
}
const notesOf = {
  slices: "The same points over each setting.",
  "parallel coordinates": "One line for every configuration, from left to right through its settings to its result; rows that the filter of the table leaves out are faint.",
  "paired differences": "Result minus that of the best row, for every seed that both have; bars: 95 % interval of the mean.",
};
