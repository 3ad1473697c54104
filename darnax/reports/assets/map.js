// The metric over what was swept: points along one axis, a heat map over two, parallel coordinates over several.
const measured = () => data.rows.filter((row) => seen(row).mean !== null);
const axisOf = (column, i, rows) => ({ ...column, i, values: [...new Set(rows.map((row) => row.values[i]))].sort(inOrder) });
const axes = data.columns.map((column, i) => axisOf(column, i, data.rows)).filter((axis) => axis.values.length > 1);
const current = (axis) => axisOf(axis, axis.i, measured());
const shades = [[0, "#4a4fa8"], [0.25, "#3f7dae"], [0.5, "#2f8f83"], [0.75, "#a6cf6d"], [1, "#fbe76b"]];
const colours = () => ({ colorscale: shades, reversescale: id("side").value === "lowest", colorbar: { thickness: 12, outlinewidth: 0, tickformat: ticks() } });
const numeric = (axis) => axis.values.every((value) => typeof value === "number");
const few = (axis) => (numeric(axis) && axis.values.length <= 10 ? { tickvals: axis.values } : {});
const average = (rows) => rows.reduce((sum, row) => sum + seen(row).mean, 0) / rows.length;
const named = (value) => (typeof value === "number" ? value : quoted(value));
const brief = (value) => String(value).replace(/^(.{15}).{2,}$/, "$1…");

function points(axis) {
  const rows = axis.values.flatMap((value) => measured().filter((row) => row.values[axis.i] === value));
  const several = rows.length > axis.values.length;
  return [[{
    x: rows.map((row) => named(row.values[axis.i])), y: rows.map((row) => seen(row).mean), text: rows.map((row) => `${quoted(label(row))}<br>${spread(seen(row))}`),
    error_y: { type: "data", array: rows.map((row) => seen(row).sd || 0), color: opened(palette[0], 0.6) },
    mode: several ? "markers" : "lines+markers", marker: { size: 8, color: palette[0] }, line: { color: palette[0] }, hovertemplate: "%{text}<extra></extra>",
  }], layout({ xaxis: { title: title(axis.key), ...few(axis) }, yaxis: { title: title(metric()), tickformat: ticks() } })];
}

function heat(across, down) {
  const at = (x, y) => measured().filter((row) => row.values[across.i] === x && row.values[down.i] === y);
  const cells = down.values.map((y) => across.values.map((x) => at(x, y)));
  const word = (rows) => (!rows.length ? "" : rows.length === 1 && across.values.length <= 4 ? spread(seen(rows[0])) : figure(average(rows)));
  return [[{
    type: "heatmap", z: cells.map((line) => line.map((rows) => (rows.length ? average(rows) : null))), ...colours(),
    x: across.values.map((x) => quoted(x)), y: down.values.map((y) => quoted(y)), text: cells.map((line) => line.map(word)), texttemplate: across.values.length <= 8 && down.values.length <= 12 ? "%{text}" : "", xgap: 2, ygap: 2,
    customdata: cells.map((line) => line.map((rows) => counted(rows.length, "configuration"))),
    hovertemplate: `${inTemplate(across.short)}=%{x}, ${inTemplate(down.short)}=%{y}<br>%{text} over %{customdata}<extra></extra>`,
  }], layout({
    xaxis: { title: title(across.key), type: "category", showgrid: false }, yaxis: { title: title(down.key), type: "category", showgrid: false },
  })];
}

function parallel() {
  const rows = measured();
  const dimension = (axis) => numeric(axis)
    ? { label: quoted(axis.short), values: rows.map((row) => row.values[axis.i]), ...few(axis) }
    : { label: quoted(axis.short), values: rows.map((row) => axis.values.indexOf(row.values[axis.i])), tickvals: axis.values.map((_, i) => i), ticktext: axis.values.map(brief) };  // Plotly reads no tags there
  const means = rows.map((row) => seen(row).mean);
  const outcome = { label: quoted(metric()), values: means, tickformat: ticks() };
  return [[{
    type: "parcoords", dimensions: [...axes.slice(0, 5).map(current).map(dimension), outcome], line: { color: means, ...colours() },
    labelfont: { color: css("--ink") }, tickfont: { color: css("--soft") }, rangefont: { color: css("--soft") }, unselected: { line: { opacity: 0.06 } },
  }], layout({ margin: { l: 90, r: 40, t: 80, b: 24 } })];
}

function drawMap() {
  if (!axes.length) return;
  const chosen = (name) => current(axes[id(name).selectedIndex]);
  const kind = id("kind").value;
  for (const name of ["across-label", "down-label"]) id(name).hidden = kind === "parallel coordinates" || (name === "down-label" && kind === "points");
  const [traces, how] = kind === "points" ? points(chosen("across")) : kind === "heat map" ? heat(chosen("across"), chosen("down")) : parallel();
  Plotly.react("map", traces, how, configuration);
}
