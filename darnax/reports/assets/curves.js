// Curves: for every ticked row the mean over its seeds, and a band of one standard deviation around it.
const LEGEND = 200;  // characters; where it would be longer, the dots in the table tell which curve is which
const colour = (row) => palette[colourOf.get(row) % palette.length];

const ticks = () => (percent() ? ".2~%" : "");
const opened = (hex, alpha) => `rgba(${[1, 3, 5].map((i) => parseInt(hex.slice(i, i + 2), 16)).join(",")},${alpha})`;

function bandOf([x, mean, sd], fill) {
  const there = x.map((_, i) => i).filter((i) => sd[i] !== null);
  const back = [...there].reverse();
  return {
    x: [...there, ...back].map((i) => x[i]), y: [...there.map((i) => mean[i] + sd[i]), ...back.map((i) => mean[i] - sd[i])],
    fill: "toself", fillcolor: opened(fill, 0.16), line: { width: 0 }, mode: "lines", hoverinfo: "skip", showlegend: false,
  };
}

function lineOver([x, mean, sd], row, rows) {
  return {
    x, y: mean, name: quoted(label(row, rows)), mode: x.length < 40 ? "lines+markers" : "lines", line: { color: colour(row), width: 2 }, marker: { size: 4 },
    text: sd.map((value) => (value === null ? "" : ` ± ${figure(value)}`)), hovertemplate: `%{y:${percent() ? ".2%" : ".4~g"}}%{text}`,
  };
}

function drawCurves() {
  const rows = data.rows.filter((row) => colourOf.has(row) && row.curves[metric()]);
  const bands = rows.filter((row) => id("bands").checked && row.curves[metric()][2].some((sd) => sd !== null));
  const once = data.rows.every((row) => !row.curves[metric()]);
  const traces = [...bands.map((row) => bandOf(row.curves[metric()], colour(row))), ...rows.map((row) => lineOver(row.curves[metric()], row, rows))];
  Plotly.react("curves", traces, layout({
    hovermode: "x", showlegend: rows.length > 0 && rows.map((row) => label(row, rows)).join().length < LEGEND, legend: { orientation: "h", x: 0, y: 0, yref: "container", yanchor: "bottom" },
    xaxis: { title: title("epoch"), rangemode: "tozero" }, yaxis: { title: title(metric()), tickformat: ticks() },
    annotations: rows.length ? [] : [{ text: once ? "logged once a run: there is no curve" : "tick a row of the table to see its curve", showarrow: false, xref: "paper", yref: "paper" }],
  }), configuration);
}
