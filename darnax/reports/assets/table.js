// The table: one row a configuration; it sorts, filters, and says which rows have a curve.
const data = JSON.parse(document.getElementById("data").textContent);
const percent = (name) => name.endsWith("accuracy");
const figure = (x, name = data.metric) =>
  x === null ? "" : percent(name) ? (100 * x).toFixed(2) + "%" : String(Number(x.toPrecision(4)));
const spread = (row) =>
  row.sd === null ? figure(row.mean)
  : percent(data.metric) ? `${(100 * row.mean).toFixed(2)} ± ${(100 * row.sd).toFixed(2)}%`
  : `${figure(row.mean)} ± ${Number(row.sd.toPrecision(2))}`;
const probability = (p) => (p === null ? "" : p < 0.001 ? "<0.001" : String(Number(p.toPrecision(2))));
const words = (row) => row.values.map((value, i) => `${data.columns[i].short}=${value}`);
const label = (row) => words(row).slice(0, 4).join(" ") + (row.values.length > 4 ? " …" : "") || "all runs";
const make = (tag, properties = {}, ...inside) => {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...inside);
  return element;
};

const columns = [
  ...data.columns.map((column, i) => ({ name: column.short, title: column.key, of: (row) => row.values[i], text: (row) => row.values[i] })),
  { name: data.metric, title: "mean ± standard deviation over seeds", of: (row) => row.mean, text: spread, value: true },
  { name: "n", title: "runs that count", of: (row) => parseInt(row.n), text: (row) => row.n },
  { name: "p", title: "Welch's t-test against the best row", of: (row) => row.p, text: (row) => (row.best ? "best" : probability(row.p)) },
];
const order = { column: data.columns.length, descending: !data.lower };
const drawn = new Set(data.rows.filter((row) => Object.keys(row.curves).length).slice(0, 8));

function compared(a, b) {
  if (a === null || b === null) return a === b ? 0 : a === null ? 1 : -1;  // what is missing comes last
  const way = order.descending ? -1 : 1;
  return way * (typeof a === "number" && typeof b === "number" ? a - b : String(a).localeCompare(String(b), undefined, { numeric: true }));
}

function passes(row) {
  return document.getElementById("filter").value.trim().split(/\s+/).every((word) => {
    const [, name, sign, wanted] = word.match(/^(.+?)(<=|>=|!=|=|<|>)(.*)$/) || [];
    if (!name) return words(row).join(" ").toLowerCase().includes(word.toLowerCase());
    const column = columns.find((c) => c.name === name || c.title === name);
    if (!column || wanted === "") return true;
    const [a, b] = [column.of(row), Number(wanted)];
    const same = a !== null && (typeof a === "number" ? a === b : String(a) === wanted);
    if (sign === "=" || sign === "!=") return same === (sign === "=");
    return typeof a === "number" && { "<": a < b, ">": a > b, "<=": a <= b, ">=": a >= b }[sign];
  });
}

function runsOf(row) {
  const items = row.runs.map((run) =>
    make("li", {}, make("a", { href: run.link, textContent: run.name }), ` seed ${run.seed} ${figure(run.value)} ${run.status === "finished" ? "" : run.status}`));
  return make("details", {}, make("summary", { textContent: `${row.runs.length} run${row.runs.length === 1 ? "" : "s"}` }), make("ul", {}, ...items));
}

function lineOf(row) {
  const tick = make("input", { type: "checkbox", checked: drawn.has(row), ariaLabel: `curve of ${label(row)}` });
  tick.disabled = !Object.keys(row.curves).length;
  tick.onchange = () => { tick.checked ? drawn.add(row) : drawn.delete(row); drawCurves(); };
  row.dot = make("span", { className: "dot" });
  const cells = columns.map((c) => make("td", { textContent: c.text(row), className: c.value ? "value" : "" }));
  return make("tr", { className: row.best ? "best" : "" }, make("td", {}, tick, row.dot), ...cells, make("td", {}, runsOf(row)));
}

function headOf(column, i) {
  const head = make("th", { textContent: column.name, title: column.title });
  if (order.column === i) head.ariaSort = order.descending ? "descending" : "ascending";
  head.onclick = () => {
    order.descending = order.column === i ? !order.descending : false;
    order.column = i;
    drawTable();
  };
  return head;
}

function drawTable() {
  const rows = data.rows.filter(passes).sort((a, b) => compared(columns[order.column].of(a), columns[order.column].of(b)));
  const fixed = (name) => make("th", { textContent: name, className: "fixed" });
  document.querySelector("#table thead").replaceChildren(make("tr", {}, fixed("curve"), ...columns.map(headOf), fixed("folders")));
  for (const row of data.rows) row.line ??= lineOf(row);
  document.querySelector("#table tbody").replaceChildren(...rows.map((row) => row.line));
  document.getElementById("shown").textContent = rows.length === data.rows.length ? "" : `${rows.length} of ${data.rows.length}`;
}
