// The confusion matrix of one run, and the recall and the precision of every class.
document.title = `${data.title} · darnax`;
id("title").textContent = data.title;
id("summary").textContent = data.summary;

const share = make("input", { type: "checkbox", id: "share", checked: true });
const plot = make("div", { className: "plot matrix", id: "confusion" });
const cell = (x) => (x === null ? "" : `${(100 * x).toFixed(2)}%`);
const rows = data.classes.map((one) => make("tr", {}, make("td", { textContent: one.name }), ...[one.n, cell(one.recall), cell(one.precision)].map((text) => make("td", { className: "number", textContent: text }))));
const heads = ["class", "examples", "recall", "precision"].map((text, i) => make("th", { className: `fixed ${i ? "number" : ""}`, textContent: text }));
document.querySelector("main").replaceChildren(
  make("section", {}, make("div", { className: "bar" }, make("h2", { textContent: "Confusion matrix" }), make("label", {}, share, " percent of the true class")), plot,
    make("p", { className: "note", textContent: "Rows are true classes, columns predictions. The shade is the square root of the fraction of the row, so that rare confusions stay visible." })),
  make("section", {}, make("div", { className: "bar" }, make("h2", { textContent: "Classes" })), make("div", { className: "scroll" }, make("table", {}, make("thead", {}, make("tr", {}, ...heads)), make("tbody", {}, ...rows)))));

function drawMatrix() {
  const names = data.classes.map((one) => quoted(one.name)), places = names.map((_, i) => i);
  const sums = data.counts.map((line) => Math.max(line.reduce((a, b) => a + b, 0), 1));
  const fractions = data.counts.map((line, i) => line.map((n) => n / sums[i]));
  const inCells = data.counts.map((line, i) => line.map((n, j) => (!n ? "" : share.checked ? Math.max(100 * fractions[i][j], 0.1).toFixed(1) : String(n))));
  const scale = isDark() ? [[0, css("--card")], [0.5, "#7f7c75"], [1, "#fee838"]] : [[0, "#ffffff"], [0.5, "#8fb4d9"], [1, "#00224e"]];
  const few = names.length <= 30 ? { tickvals: places, ticktext: names } : {};
  const cells = names.length > 20 ? [] : inCells.flatMap((line, i) => line.map((text, j) => ({ x: j, y: i, text, ink: inkOn(scale, Math.sqrt(fractions[i][j])) })));
  const side = Math.min(plot.offsetWidth - 90, plot.offsetHeight - 110) / names.length;
  draw(plot, [{
    type: "heatmap", x: places, y: places, z: fractions.map((line) => line.map(Math.sqrt)), zmin: 0, zmax: 1, showscale: false, xgap: 1, ygap: 1,
    colorscale: scale,
    customdata: data.counts.map((line, i) => line.map((n, j) => `${inTemplate(data.classes[i].name)} taken for ${inTemplate(data.classes[j].name)}: ${n} (${(100 * fractions[i][j]).toFixed(1)}%)`)),
    hovertemplate: "%{customdata}<extra></extra>", meta: { rows: data.counts.flatMap((line, i) => line.map((n, j) => [data.classes[i].name, data.classes[j].name, n])) },
  }, wordsOf(cells, side)], layout({
    xaxis: { title: title("predicted"), range: [-0.5, names.length - 0.5], side: "top", showgrid: false, zeroline: false, constrain: "domain", ...few },
    yaxis: { title: title("true"), range: [names.length - 0.5, -0.5], showgrid: false, zeroline: false, scaleanchor: "x", constrain: "domain", ...few }, margin: { l: 56, r: 16, t: 72, b: 16 },
  }));
}
share.onchange = drawMatrix;
fitAll.observe(plot);
start(drawMatrix);
