const MOST_IMPORTANT = 12;  // bars, so that all have a name

// Which setting mattered, and differences from the best row, seed by seed.
function drawImportance() {
  const found = data.importance[metric()];
  id("importance-card").hidden = !found || !axes.length;
  id("maps").classList.toggle("wide", id("importance-card").hidden);
  if (id("importance-card").hidden) return;
  const sorted = [...found.values].sort((a, b) => a[1] - b[1]), pairs = sorted.slice(-MOST_IMPORTANT);
  const rest = sorted.length - pairs.length;
  id("importance-note").textContent = found.note + (rest ? ` ${rest} of less importance are not drawn.` : "");
  draw("importance", [{
    type: "bar", orientation: "h", x: pairs.map(([, share]) => share), y: pairs.map(([name]) => quoted(name)), marker: { color: colourAt(0) },
    text: pairs.map(([, share]) => `${(100 * share).toFixed(0)}%`), textposition: "outside", textangle: 0, cliponaxis: false, hovertemplate: "%{y}: %{text}<extra></extra>",
    meta: { rows: pairs },
  }], layout({ showlegend: false, bargap: 0.45, xaxis: { title: title("share of the variance"), tickformat: ".0%", range: [0, 1.12], tickvals: [0, 0.2, 0.4, 0.6, 0.8, 1] }, yaxis: { type: "category", showgrid: false, dtick: 1 } }));
}

const bySeed = (row) => {  // value of every seed; of repetitions that of the newest run
  const found = new Map();
  for (const run of row.runs) if (run.status === "finished" && ofRun(run) !== null && !found.has(run.seed)) found.set(run.seed, ofRun(run));
  return found;
};

const bestRow = () => data.rows.find((row) => seen(row).best);
const canPair = () => data.rows.some((row) => seen(row).pair);
const inPoints = (x) => (percent() ? (100 * x).toFixed(2) : String(Number(x.toPrecision(3)))).replace("-", "−");
// The ends of an interval are null where all differences are equal.
const ends = (pair) => (pair.low === null ? "" : ` [${inPoints(pair.low)}, ${inPoints(pair.high)}]`);
const difference = (pair) => (pair ? `${pair.mean > 0 ? "+" : ""}${inPoints(pair.mean)}${ends(pair)}${percent() ? " pp" : ""}` : "");

function paired() {
  const rows = measured().filter((row) => seen(row).pair).map((row) => [row, seen(row).pair]);
  const nearest = rows.sort((a, b) => Math.abs(b[1].mean) - Math.abs(a[1].mean)).slice(-20);  // those nearest to the best
  const names = nearest.map(([row]) => quoted(label(row)));
  const unit = percent() ? 100 : 1;  // differences are written in percentage points
  const theirs = bestRow() ? bySeed(bestRow()) : new Map();
  const together = (row) => [...bySeed(row)].filter(([seed]) => theirs.has(seed)).map(([seed, value]) => [seed, value - theirs.get(seed)]);
  const seeds = nearest.flatMap(([row], i) => together(row).map(([seed, d]) => ({ x: unit * d, y: names[i], text: `seed ${quoted(seed)}` })));
  return [[
    { name: "mean, 95 % interval", x: nearest.map(([, pair]) => unit * pair.mean), y: names, mode: "markers", marker: { color: colourAt(0), size: 9 }, meta: { rows: nearest.map(([, pair], i) => [pair.mean, names[i]]) }, error_x: { type: "data", symmetric: false, array: nearest.map(([, pair]) => unit * ((pair.high ?? pair.mean) - pair.mean)), arrayminus: nearest.map(([, pair]) => unit * (pair.mean - (pair.low ?? pair.mean))), color: colourAt(0), thickness: 2 }, text: nearest.map(([, pair]) => difference(pair)), hovertemplate: "%{y}<br>%{text}<extra></extra>" },
    { name: "one seed", x: seeds.map((s) => s.x), y: seeds.map((s) => s.y), text: seeds.map((s) => s.text), meta: { rows: seeds.map((s) => [s.x / unit, s.y]) }, mode: "markers", marker: { color: css("--ink"), size: 8, symbol: "circle-open", line: { width: 1.5 } }, hovertemplate: `%{text}: %{x:.4~g}${percent() ? " pp" : ""}<extra></extra>` },
  ], layout({ xaxis: { title: title(`difference in ${metric()}${percent() ? ", pp" : ""}`), rangemode: "tozero", zeroline: true, zerolinecolor: MARK, zerolinewidth: 2 }, yaxis: { type: "category" }, annotations: nearest.length ? [] : [{ text: "no row has two seeds in common with the best", showarrow: false, xref: "paper", yref: "paper" }] })];
}
