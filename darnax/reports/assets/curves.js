// Curves: for every ticked row the mean over its seeds, and a band of one standard deviation around it.
const palette = ["#3b82d6", "#e8853a", "#3fa66b", "#c8516b", "#8d6fd1", "#2aa5b5", "#b08a2e", "#d169b5", "#7c8b9c", "#6a9a1f"];
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

const title = (text) => ({ text, font: { size: 12, color: css("--soft") } });
const opened = (hex, alpha) => `rgba(${[1, 3, 5].map((i) => parseInt(hex.slice(i, i + 2), 16)).join(",")},${alpha})`;

function bandOf(x, mean, sd, colour) {
  const there = x.map((_, i) => i).filter((i) => sd[i] !== null);
  const back = [...there].reverse();
  return {
    x: [...there, ...back].map((i) => x[i]), y: [...there.map((i) => mean[i] + sd[i]), ...back.map((i) => mean[i] - sd[i])],
    fill: "toself", fillcolor: opened(colour, 0.16), line: { width: 0 }, mode: "lines", hoverinfo: "skip", showlegend: false,
  };
}

function drawCurves() {
  const metric = document.getElementById("metric").value;
  const traces = [], bands = [];
  data.rows.forEach((row) => { row.dot.style.background = ""; });
  data.rows.filter((row) => drawn.has(row)).forEach((row, i) => {
    const colour = palette[i % palette.length];
    row.dot.style.background = colour;
    if (!row.curves[metric]) return;
    const [x, mean, sd] = row.curves[metric];
    if (document.getElementById("bands").checked && sd.some((value) => value !== null)) bands.push(bandOf(x, mean, sd, colour));
    traces.push({
      x, y: mean, name: label(row), mode: x.length < 40 ? "lines+markers" : "lines", line: { color: colour, width: 2 }, marker: { size: 4 },
      text: sd.map((value) => (value === null ? "" : ` ± ${figure(value, metric)}`)),
      hovertemplate: `%{y:${percent(metric) ? ".2%" : ".4~g"}}%{text}`,
    });
  });
  Plotly.react("curves", [...bands, ...traces], layout({
    hovermode: "x", showlegend: traces.length > 0, legend: { orientation: "h", x: 0, y: 0, yref: "container", yanchor: "bottom" },
    xaxis: { title: title("epoch"), rangemode: "tozero" }, yaxis: { title: title(metric), tickformat: percent(metric) ? ".2~%" : "" },
  }), configuration);
}
