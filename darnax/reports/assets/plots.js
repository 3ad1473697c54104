// What every page draws with: its colours, the frame of a plot, and elements of the page.
const palette = ["#3b82d6", "#e8853a", "#3fa66b", "#c8516b", "#8d6fd1", "#2aa5b5", "#b08a2e", "#d169b5", "#7c8b9c", "#6a9a1f"];
const css = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
const make = (tag, properties = {}, ...inside) => {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...inside);
  return element;
};
const quoted = (text) => String(text).replaceAll("&", "&amp;").replaceAll("<", "&lt;");  // Plotly reads tags in what it draws
const inTemplate = (text) => quoted(text).replaceAll("%{", "% {");  // and in a template also what is in braces

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
