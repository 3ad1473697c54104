// The data, what is looked at (a metric, and a view of it), and how values are written.
const metric = () => id("metric").value;
const view = () => `${id("taken").value} ${id("side").value}`;
const seen = (row) => {
  const [n, mean, sd, p, best, difference, low, high, pairedP] = row.figures[metric()][view()];
  const pair = difference === undefined ? null : { mean: difference, low, high, p: pairedP };  // with the best row, seed by seed
  return { n, mean, sd, p, best: best === 1, pair };
};
const chooses = () => !data.reported.includes(metric());  // the test split decides on nothing
const ofRun = (run) => run.values[metric()][id("taken").value === "last" ? 0 : id("side").value === "highest" ? 1 : 2];

const unitOf = (name) => (name.endsWith("accuracy") ? "percent" : "");
// What runs that did not finish have logged last: they do not count, but show where a search has been.
const stopped = (row) => {
  const values = row.runs.filter((run) => run.status !== "finished").map(ofRun).filter((value) => value !== null);
  return values.length ? values.reduce((sum, value) => sum + value, 0) / values.length : null;
};
const percent = () => unitOf(metric()) === "percent";
const figure = (x) => written(x, unitOf(metric()));
const spread = ({ mean, sd }) =>
  mean === null || sd === null ? figure(mean)
  : percent() ? `${(100 * mean).toFixed(2)} ± ${(100 * sd).toFixed(2)}%`
  : `${figure(mean)} ± ${Number(sd.toPrecision(2))}`;
const probability = (p) => (p === null ? "" : p < 0.001 ? "<0.001" : String(Number(p.toPrecision(2))));
const words = (row) => row.values.map((value, i) => `${data.columns[i].short}=${value}`);
const label = (row, rows = data.rows) => {  // in few words, of what tells it from the others
  const telling = words(row).filter((_, i) => rows.length < 2 || rows.some((other) => other.values[i] !== row.values[i]));
  return telling.slice(0, 4).join(" ") + (telling.length > 4 ? " …" : "") || "all runs";
};
const inOrder = (a, b) =>
  typeof a === "number" && typeof b === "number" ? a - b : String(a).localeCompare(String(b), undefined, { numeric: true });
