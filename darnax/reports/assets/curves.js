// Curves: for every ticked row the mean over its seeds, and a band of one standard deviation around it.
const palette = ["#3b82d6", "#e8853a", "#3fa66b", "#c8516b", "#8d6fd1", "#2aa5b5", "#b08a2e", "#d169b5", "#7c8b9c", "#6a9a1f"];
const LEGEND = 200;  // characters; where it would be longer, the dots in the table tell which curve is which
const colour = (row) => palette[colourOf.get(row) % palette.length];
const css = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
const configuration = {
  responsive: true, displaylogo: false, plotlyServerURL: "", modeBarButtonsToRemove: ["select2d", "lasso2d", "autoScale2d", "sendChartToCloud"],
};

function layout(more = {}) {
  const axis = { gridcolor: css("--line"), zerolinecolor: css("--line"), linecolor: css("--line"), automargin: true };
  return {
    paper_bgcolor: css("--card"), plot_bgcolor: "rgba(0,0,0,0)", margin: { l: 56, r: 16, t: 32, b: 44 },
    modebar: { bgcolor: "rgba(0,0,0,0)", color: css("--soft"), activecolor: css("--accent") },
    font: { color: css("--ink"), size: 12, family: "system-ui, sans-serif" },
    hoverlabel: { bgcolor: css("--card"), bordercolor: css("--line"), font: { color: css("--ink") }, namelength: -1 },
    ...more, xaxis: { ...axis, ...more.xaxis }, yaxis: { ...axis, ...more.yaxis },
  };
}

const title = (text) => ({ text: quoted(text), font: { size: 12, color: css("--soft") } });
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
