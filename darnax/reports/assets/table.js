// The table: one row a configuration; it sorts, filters, and says which rows have a curve.
const swept = data.columns.map((column, i) => ({ name: column.short, title: column.key, of: (row) => row.values[i], text: (row) => row.values[i] }));
for (const column of swept) column.number = data.rows.every((row) => typeof column.of(row) === "number");
const measuredColumns = () => [
  { name: metric(), title: "mean ± standard deviation over seeds", of: (row) => seen(row).mean, text: (row) => spread(seen(row)), value: true, number: true },
  { name: "n", title: "seeds that count", of: (row) => seen(row).n, text: (row) => seen(row).n + row.unfinished, number: data.rows.every((row) => !row.unfinished) },
  ...(!chooses() || data.rows.length < 2 ? [] : [{ name: "p", title: "Welch's t-test against the best row; of several tests corrected for their number (Holm)", of: (row) => seen(row).p, text: (row) => (seen(row).best ? "best" : probability(seen(row).p)), number: true }]),
];
const duration = (s) => (s === null ? "" : s < 60 ? `${s.toPrecision(2)} s` : s < 3600 ? `${Math.floor(s / 60)} min ${Math.round(s % 60)} s` : `${Math.floor(s / 3600)} h ${Math.round((s % 3600) / 60)} min`);
const optional = [  // columns that the reader adds
  { name: "minus best", title: "difference from the best row, seed by seed: mean and its 95 % interval", of: (row) => seen(row).pair?.mean ?? null, text: (row) => difference(seen(row).pair), number: true, there: () => canPair() },
  { name: "paired p", title: "paired t-test of the difference; of several paired tests corrected for their number (Holm)", of: (row) => seen(row).pair?.p ?? null, text: (row) => probability(seen(row).pair?.p ?? null), number: true, there: () => canPair() },
  { name: "time", title: "mean duration of a run", of: (row) => row.seconds, text: (row) => duration(row.seconds), number: true, there: () => data.rows.some((row) => row.seconds !== null) },
  { name: "commit", title: "git commit of the code", of: (row) => row.commit, text: (row) => row.commit, there: () => data.rows.some((row) => row.commit) },
  { name: "device", title: "what it was trained on", of: (row) => row.device, text: (row) => row.device, there: () => data.rows.some((row) => row.device) },
];
const chosenColumns = () => optional.filter((column) => column.there() && id(`column-${column.name}`).checked);
let columnsNow = null;  // of what is looked at now; a large table asks for them often
const columns = () => (columnsNow ||= [...swept, ...measuredColumns(), ...chosenColumns()]);
const choosing = () => (chooses() ? columns() : swept);  // rows are sorted and filtered by these
const order = { column: swept.length, descending: true };
const colourOf = new Map();  // row with a curve -> which style; it keeps it for as long as it is ticked
const filtered = () => data.rows.filter(passes);

// A configuration has the same colour on every page. Rows of one page that share a colour are told
// apart by their dashes.
function tick(row, on) {
  if (!on) { colourOf.delete(row); return; }
  if (colourOf.has(row)) return;
  const taken = new Set(colourOf.values()), n = palette.length;
  let style = row.colour % n;
  while (taken.has(style)) style += n;
  colourOf.set(row, style);
}

function tickFirst(rows) {  // in an order that does not depend on their results
  for (const row of [...rows].sort((a, b) => a.colour - b.colour)) tick(row, true);
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

function cellOf(c, row) {
  const cell = make("td", { textContent: c.text(row), className: `${c.value ? "value" : ""} ${c.number ? "number" : ""}` });
  if (c.value && seen(row).mean === null && stopped(row) !== null) {
    cell.append(make("span", { className: "soft", title: "the last value of runs that did not finish", textContent: `(${figure(stopped(row))})` }));
  }
  return cell;
}

function lineOf(row) {
  const box = make("input", { type: "checkbox", checked: colourOf.has(row), ariaLabel: `curve of ${label(row)}` });
  box.onchange = () => { tick(row, box.checked); drawTable(); drawCurves(); };
  const dot = lineSample(row);
  const cells = columns().map((c) => cellOf(c, row));
  return make("tr", { className: seen(row).best ? "best" : "" }, make("td", {}, box, dot), ...cells, make("td", {}, runsOf(row)));
}

function headOf(column, i) {
  const side = column.number ? "number" : "";
  if (!choosing().some((c) => c.title === column.title)) return make("th", { title: column.title, className: `fixed ${side}`, textContent: column.name });
  const head = make("th", { title: column.title, className: side }, make("button", { type: "button", textContent: column.name }));
  if (order.column === i) head.ariaSort = order.descending ? "descending" : "ascending";
  head.onclick = () => {
    order.descending = order.column === i ? !order.descending : false;
    order.column = i;
    drawTable();
  };
  return head;
}

function lineSample(row) {  // as the curve of the row is drawn
  const line = make("span", { className: "dot" });
  if (colourOf.has(row)) line.innerHTML = `<svg width="22" height="3"><line x2="22" y1="1.5" y2="1.5" stroke="${colour(row)}" stroke-width="3" stroke-dasharray="${lengths(row)}"/></svg>`;
  return line;
}

const lengths = (row) => ({ solid: "none", dash: "6 2", dot: "3 3", dashdot: "9 3 3 3" })[styleOf(colourOf.get(row)).dash];

function offerColumns() {  // those that differ between rows are shown from the beginning
  const boxes = optional.map((column) => {
    const differs = new Set(data.rows.map(column.of)).size > 1;
    const box = make("input", { type: "checkbox", id: `column-${column.name}`, checked: ["time", "minus best", "paired p"].includes(column.name) || differs });
    box.onchange = drawTable;
    return make("label", { id: `label-${column.name}`, title: column.title }, box, ` ${column.name}`);
  });
  id("columns").replaceChildren("columns:", ...boxes);
}

function headOfCurves(rows) {
  const box = make("input", { type: "checkbox", checked: rows.every((row) => colourOf.has(row)), ariaLabel: "curves of all rows that are shown" });
  box.onchange = () => { rows.forEach((row) => tick(row, box.checked)); drawTable(); drawCurves(); };
  return make("th", { className: "fixed" }, make("label", { title: "curves of all rows that are shown" }, box, " curve"));
}

const numberOf = (p) => data.rows.filter((row) => (p(row) ?? null) !== null).length;
const corrected = (tests) => (tests > 1 ? `, corrected for ${tests} tests (Holm)` : "");

function explainTests() {
  const welch = numberOf((row) => seen(row).p), pairs = numberOf((row) => seen(row).pair?.p);
  const sentences = [
    welch ? `p: Welch's t-test against the best row${corrected(welch)}.` : "",
    canPair() ? `Minus best: by common seeds, with 95 % interval; paired p: the paired t-test${corrected(pairs)}${pairs > 1 ? ", intervals not" : ""}.` : "",
    data.unshown ? `${data.unshown[0].toUpperCase()}${data.unshown.slice(1)}.` : "",
    data.rows.length > 1 && bestRow() ? "The best of many rows is overestimated on the data that chose it; report it on other data, such as the test split." : "",
  ];
  id("tests-note").textContent = sentences.filter(Boolean).join(" ");
}

function drawTable() {
  columnsNow = null;
  explainTests();
  for (const column of optional) id(`label-${column.name}`).hidden = !column.there();
  const by = choosing()[order.column];
  const rows = by ? filtered().sort((a, b) => compared(by.of(a), by.of(b))) : inOrderOfValues(filtered());
  const heads = [headOfCurves(rows), ...columns().map(headOf), make("th", { className: "fixed", textContent: "folders" })];
  id("table").tHead.replaceChildren(make("tr", {}, ...heads));
  id("table").tBodies[0].replaceChildren(...rows.map(lineOf));
  id("shown").textContent = rows.length === data.rows.length ? "" : `${rows.length} of ${data.rows.length}`;
}
