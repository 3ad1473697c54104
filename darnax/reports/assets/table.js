// The table: one row a configuration; it sorts, filters, and says which rows have a curve.
const swept = data.columns.map((column, i) => ({ name: column.short, title: column.key, of: (row) => row.values[i], text: (row) => row.values[i] }));
const measuredColumns = () => [
  { name: metric(), title: "mean ± standard deviation over seeds", of: (row) => seen(row).mean, text: (row) => spread(seen(row)), value: true },
  { name: "n", title: "seeds that count", of: (row) => seen(row).n, text: (row) => seen(row).n + row.unfinished },
  ...(!chooses() ? [] : [{ name: "p", title: "Welch's t-test against the best row", of: (row) => seen(row).p, text: (row) => (seen(row).best ? "best" : probability(seen(row).p)) }]),
];
const columns = () => [...swept, ...measuredColumns()];
const choosing = () => (chooses() ? columns() : swept);  // rows are sorted and filtered by these
const order = { column: swept.length, descending: true };
const colourOf = new Map();  // row with a curve -> which colour; it keeps it for as long as it is ticked
const filtered = () => data.rows.filter(passes);

function tick(row, on) {
  const taken = [...colourOf.values()];
  if (!on) colourOf.delete(row);
  else if (!colourOf.has(row)) colourOf.set(row, [...taken, -1].map((_, i) => i).find((i) => !taken.includes(i)));
}

function compared(a, b) {
  if (a === null || b === null) return a === b ? 0 : a === null ? 1 : -1;  // what is missing comes last
  return (order.descending ? -1 : 1) * inOrder(a, b);
}

function inOrderOfValues(rows) {  // not that of another metric
  const between = (a, b) => a.values.map((value, i) => inOrder(value, b.values[i])).find((sign) => sign) || 0;
  return [...rows].sort(between);
}

function passes(row) {
  return id("filter").value.trim().split(/\s+/).every((word) => {
    const [, name, sign, wanted] = word.match(/^(.+?)(<=|>=|!=|=|<|>)(.*)$/) || [];
    if (!name) return words(row).join(" ").toLowerCase().includes(word.toLowerCase());
    const column = choosing().find((c) => c.name === name || c.title === name);
    if (!column || wanted === "") return true;
    const [a, b] = [column.of(row), Number(wanted)];
    const same = a !== null && (typeof a === "number" ? a === b : String(a) === wanted);
    if (sign === "=" || sign === "!=") return same === (sign === "=");
    return typeof a === "number" && { "<": a < b, ">": a > b, "<=": a <= b, ">=": a >= b }[sign];
  });
}

function runsOf(row) {
  const items = row.runs.map((run) =>
    make("li", {}, make("a", { href: run.link, textContent: run.name }), ` seed ${run.seed} ${figure(ofRun(run))} ${run.status === "finished" ? "" : run.status}`));
  return make("details", {}, make("summary", { textContent: counted(row.count, "run") }), make("ul", {}, ...items));
}

function lineOf(row) {
  const box = make("input", { type: "checkbox", checked: colourOf.has(row), ariaLabel: `curve of ${label(row)}` });
  box.onchange = () => { tick(row, box.checked); drawTable(); drawCurves(); };
  const dot = make("span", { className: "dot" });
  if (colourOf.has(row)) dot.style.background = colour(row);
  const cells = columns().map((c) => make("td", { textContent: c.text(row), className: c.value ? "value" : "" }));
  return make("tr", { className: seen(row).best ? "best" : "" }, make("td", {}, box, dot), ...cells, make("td", {}, runsOf(row)));
}

function headOf(column, i) {
  if (!choosing().some((c) => c.title === column.title)) return make("th", { title: column.title, className: "fixed", textContent: column.name });
  const head = make("th", { title: column.title }, make("button", { type: "button", textContent: column.name }));
  if (order.column === i) head.ariaSort = order.descending ? "descending" : "ascending";
  head.onclick = () => {
    order.descending = order.column === i ? !order.descending : false;
    order.column = i;
    drawTable();
  };
  return head;
}

function headOfCurves(rows) {
  const box = make("input", { type: "checkbox", checked: rows.every((row) => colourOf.has(row)), ariaLabel: "curves of all rows that are shown" });
  box.onchange = () => { rows.forEach((row) => tick(row, box.checked)); drawTable(); drawCurves(); };
  return make("th", { className: "fixed" }, make("label", { title: "curves of all rows that are shown" }, box, " curve"));
}

function drawTable() {
  const by = choosing()[order.column];
  const rows = by ? filtered().sort((a, b) => compared(by.of(a), by.of(b))) : inOrderOfValues(filtered());
  const heads = [headOfCurves(rows), ...columns().map(headOf), make("th", { className: "fixed", textContent: "folders" })];
  id("table").tHead.replaceChildren(make("tr", {}, ...heads));
  id("table").tBodies[0].replaceChildren(...rows.map(lineOf));
  id("shown").textContent = rows.length === data.rows.length ? "" : `${rows.length} of ${data.rows.length}`;
}
