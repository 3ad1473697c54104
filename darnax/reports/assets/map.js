// The metric over what was swept: points along one axis, a heat map over two, parallel coordinates over several.
const measured = data.rows.filter((row) => row.mean !== null);
const distinct = (i) => [...new Set(measured.map((row) => row.values[i]))].sort((a, b) =>
  typeof a === "number" && typeof b === "number" ? a - b : String(a).localeCompare(String(b), undefined, { numeric: true }));
const axes = data.columns.map((column, i) => ({ ...column, i, values: distinct(i) })).filter((axis) => axis.values.length > 1);
const shades = [[0, "#4a4fa8"], [0.25, "#3f7dae"], [0.5, "#3fa796"], [0.75, "#a6cf6d"], [1, "#fbe76b"]];
const colours = () => ({ colorscale: shades, reversescale: data.lower, colorbar: { thickness: 12, outlinewidth: 0, tickformat: percent(data.metric) ? ".2~%" : "" } });
const average = (rows) => rows.reduce((sum, row) => sum + row.mean, 0) / rows.length;

function points(axis) {
  const rows = axis.values.flatMap((value) => measured.filter((row) => row.values[axis.i] === value));
  const several = rows.length > axis.values.length;
  return [[{
    x: rows.map((row) => row.values[axis.i]), y: rows.map((row) => row.mean), text: rows.map((row) => `${label(row)}<br>${spread(row)}`),
    error_y: { type: "data", array: rows.map((row) => row.sd || 0), color: opened(palette[0], 0.6) },
    mode: several ? "markers" : "lines+markers", marker: { size: 8, color: palette[0] }, line: { color: palette[0] }, hovertemplate: "%{text}<extra></extra>",
  }], layout({ xaxis: { title: title(axis.key) }, yaxis: { title: title(data.metric), tickformat: percent(data.metric) ? ".2~%" : "" } })];
}

function heat(across, down) {
  const at = (x, y) => measured.filter((row) => row.values[across.i] === x && row.values[down.i] === y);
  const cells = down.values.map((y) => across.values.map((x) => at(x, y)));
  const few = across.values.length <= 8 && down.values.length <= 12;
  const words = cells.map((line) => line.map((rows) => (rows.length ? figure(average(rows)) : "")));
  return [[{
    type: "heatmap", z: cells.map((line) => line.map((rows) => (rows.length ? average(rows) : null))), ...colours(),
    x: across.values.map(String), y: down.values.map(String), text: words, texttemplate: few ? "%{text}" : "", xgap: 2, ygap: 2,
    customdata: cells.map((line) => line.map((rows) => rows.length)),
    hovertemplate: `${across.short}=%{x}, ${down.short}=%{y}<br>%{text} over %{customdata} configuration(s)<extra></extra>`,
  }], layout({
    xaxis: { title: title(across.key), type: "category", showgrid: false }, yaxis: { title: title(down.key), type: "category", showgrid: false },
  })];
}

function parallel() {
  const numeric = (axis) => axis.values.every((value) => typeof value === "number");
  const dimension = (axis) => numeric(axis)
    ? { label: axis.short, values: measured.map((row) => row.values[axis.i]), ...(axis.values.length <= 10 ? { tickvals: axis.values } : {}) }
    : { label: axis.short, values: measured.map((row) => axis.values.indexOf(row.values[axis.i])), tickvals: axis.values.map((_, i) => i), ticktext: axis.values.map(String) };
  const means = measured.map((row) => row.mean);
  const outcome = { label: data.metric, values: means, tickformat: percent(data.metric) ? ".2~%" : "" };
  return [[{
    type: "parcoords", dimensions: [...axes.slice(0, 5).map(dimension), outcome], line: { color: means, ...colours() },
    labelfont: { color: css("--ink") }, tickfont: { color: css("--soft") }, rangefont: { color: css("--soft") }, unselected: { line: { opacity: 0.06 } },
  }], layout({ margin: { l: 90, r: 40, t: 80, b: 24 } })];
}

function drawMap() {
  if (!axes.length) return;
  const chosen = (id) => axes[document.getElementById(id).selectedIndex];
  const kind = document.getElementById("kind").value;
  for (const id of ["across-label", "down-label"]) document.getElementById(id).hidden = kind === "parallel coordinates" || (id === "down-label" && kind === "points");
  const [traces, how] = kind === "points" ? points(chosen("across")) : kind === "heat map" ? heat(chosen("across"), chosen("down")) : parallel();
  Plotly.react("map", traces, how, configuration);
}
