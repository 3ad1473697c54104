// The page of one run: a card for every figure, with a choice where it has several panels.
const data = JSON.parse(document.getElementById("data").textContent);

document.querySelector("nav").remove();  // one run: there is nothing to choose between
document.title = `${data.title} · darnax`;
document.getElementById("title").textContent = data.title;
document.getElementById("summary").textContent =
  [data.status, ...Object.entries(data.metrics).map(([name, value]) => `${name} ${value === null ? "" : (100 * value).toFixed(2) + "%"}`)].join(" · ");

const cards = data.figures.map((figure) => {
  const choice = make("select", { ariaLabel: `Which ${figure.title}` }, ...Object.keys(figure.panels).map((name) => make("option", { textContent: name })));
  const plot = make("div", { className: "plot" });
  choice.hidden = choice.options.length < 2;
  const card = { figure, choice, plot };
  choice.onchange = () => draw(card);
  const bar = make("div", { className: "bar" }, make("h2", { textContent: figure.title }), choice);
  return { ...card, section: make("section", { className: data.figures.length < 2 ? "wide" : "" }, bar, plot, make("p", { className: "note", textContent: figure.note })) };
});
document.querySelector("main").replaceChildren(...cards.map((card) => card.section));

function traceOf(kind, trace, i) {
  const colour = palette[i % palette.length], y = trace.y, name = quoted(trace.name);
  const x = trace.x.map((value) => (typeof value === "string" ? quoted(value) : value));
  if (kind === "bars") return { type: "bar", name, x: x.map(String), y, marker: { color: colour }, texttemplate: x.length < 8 ? "%{y:.4~f}" : "" };
  if (kind === "points") return { type: "scatter", mode: "markers", name, x, y, marker: { color: colour, size: 4, opacity: 0.6 } };
  const errors = trace.error && { type: "data", array: trace.error, thickness: 1.5, width: 4 };
  return { name, x, y, error_y: errors, mode: x.length < 40 ? "lines+markers" : "lines", line: { color: colour, width: 2 }, marker: { size: 5 } };
}

function draw({ figure, choice, plot }) {
  const traces = (figure.panels[choice.value] || []).map((trace, i) => traceOf(figure.kind, trace, i));
  Plotly.react(plot, traces, layout({
    hovermode: figure.kind === "points" ? "closest" : "x", showlegend: traces.length > 1, barmode: "group",
    legend: { orientation: "h", x: 0, y: 0, yref: "container", yanchor: "bottom" },
    xaxis: { title: title(figure.x), type: figure.kind === "bars" ? "category" : "linear" },
    yaxis: { title: title(figure.y), type: figure.scale, dtick: figure.scale === "log" ? 1 : undefined, ...(figure.kind === "points" ? { scaleanchor: "x" } : {}) },
  }), configuration);
}

function paint(theme) {
  document.documentElement.dataset.theme = theme;
  cards.forEach(draw);
}

document.getElementById("theme").onclick = () => paint(document.documentElement.dataset.theme === "dark" ? "light" : "dark");
const dark = matchMedia("(prefers-color-scheme: dark)");
dark.onchange = () => paint(dark.matches ? "dark" : "light");
paint(dark.matches ? "dark" : "light");
document.documentElement.dataset.ready = "yes";
