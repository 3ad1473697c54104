// Parallel coordinates of scatter lines: these can be wide, dashed and logarithmic, and are saved as SVG.
const SHADES = 9;  // lines of one colour are one trace, so that thousands of them are drawn quickly

function dimension(axis) {  // where a value lies between 0 and 1, and the ticks
  if (!numeric(axis)) {
    const last = Math.max(axis.values.length - 1, 1);
    const shown = axis.values.filter((_, i) => i % Math.ceil(axis.values.length / 20) === 0);
    return { label: axis.short, of: (row) => axis.values.indexOf(row.values[axis.i]) / last, ticks: shown.map((value) => [axis.values.indexOf(value) / last, brief(value)]) };
  }
  const log = isLog(axis), [low, high] = [axis.values[0], axis.values.at(-1)];
  const place = (value) => (high === low ? 0.5 : log ? Math.log(value / low) / Math.log(high / low) : (value - low) / (high - low));
  const ticks = few(axis, 10).tickvals || roundTicks(low, high, log);
  return { label: axis.short + (log ? " (log)" : ""), of: (row) => place(row.values[axis.i]), ticks: ticks.map((value) => [place(value), String(value)]) };
}

function outcomeDimension(rows) {
  const values = rows.map(valueOf), [low, high] = [values.reduce((a, b) => Math.min(a, b)), values.reduce((a, b) => Math.max(a, b))];
  const place = (value) => (high === low ? 0.5 : (value - low) / (high - low));
  const name = (value) => (percent() ? `${Number((100 * value).toPrecision(6))}%` : String(value));
  return { label: metric(), of: (row) => place(valueOf(row)), ticks: roundTicks(low, high, false).map((value) => [place(value), name(value)]) };
}

function linesOf(rows, dimensions, style) {
  const x = [], y = [], text = [];
  for (const row of rows) {
    const words = `${quoted(label(row))}<br>${spread(seen(row)) || `${figure(stopped(row))} (not finished)`}`;
    dimensions.forEach((one, k) => { x.push(k); y.push(one.of(row)); text.push(words); });
    x.push(null); y.push(null); text.push("");
  }
  return { x, y, text, mode: "lines", hovertemplate: "%{text}<extra></extra>", showlegend: false, ...style, meta: { rows: rows.map((row) => [words(row).join(" "), valueOf(row)]) } };
}

function shadeAt(t) {
  const scale = shades(), first = isDark() ? 0.3 : 0;  // the darkest ones are not seen as lines on a dark page
  return scale[Math.round((first + (1 - first) * t) * (scale.length - 1))][1];
}

function parallel() {
  const rows = measured(), others = unfinished(), all = [...rows, ...others];
  if (!all.length) return [[], layout({ xaxis: { visible: false }, yaxis: { visible: false } })];
  const dimensions = [...axes.slice(0, 6).map(current).map(dimension), outcomeDimension(all)];
  const better = [...rows].sort((a, b) => (isLowest() ? 1 : -1) * (seen(a).mean - seen(b).mean));
  const passing = new Set(filtered());
  const traces = [];
  const dim = [...rows, ...others].filter((row) => !passing.has(row));
  if (dim.length) traces.push(linesOf(dim, dimensions, { name: "left out by the filter", line: { color: faint(GREY, 0.18), width: 1 } }));
  const stoppedRows = others.filter((row) => passing.has(row));
  if (stoppedRows.length) traces.push(linesOf(stoppedRows, dimensions, { name: "not finished: last value", showlegend: true, line: { color: faint(GREY, 0.7), width: 1, dash: "dot" } }));
  const plain = better.filter((row) => passing.has(row) && !seen(row).best);
  const opacity = Math.min(1, 15 / Math.sqrt(plain.length));
  for (let shade = 0; shade < SHADES; shade += 1) {  // the worst first, so that good lines are above
    const of = plain.filter((_, i) => Math.floor(((plain.length - 1 - i) / Math.max(plain.length, 1)) * SHADES) === shade);
    const t = shade / (SHADES - 1);
    if (of.length) traces.push(linesOf(of, dimensions, { name: shade === SHADES - 1 ? "best ninth" : shade === 0 ? "worst ninth" : `ninth ${shade + 1}`, showlegend: plain.length >= SHADES && (shade === 0 || shade === SHADES - 1), line: { color: faint(shadeAt(t), opacity), width: 1 + 1.2 * t } }));
  }
  const best = better.filter((row) => seen(row).best && passing.has(row));
  if (best.length) traces.push(linesOf(best, dimensions, { name: "best", showlegend: true, line: { color: MARK, width: 4 } }));
  const frame = { xref: "x", yref: "y", showarrow: false };
  const gap = (id("map").offsetWidth - 48) / (dimensions.length - 0.4);  // between two axes
  const levels = Math.min(3, Math.ceil((widthOf(dimensions.map((one) => one.label)) + 12) / gap));  // of heads, where they are long
  const annotations = dimensions.flatMap((one, k) => [
    { ...frame, x: k, y: 1.08 + 0.08 * (k % levels), text: quoted(one.label), font: { color: css("--ink") } },
    ...one.ticks.map(([at, text]) => ({ ...frame, x: k, y: at, text: quoted(text), xanchor: "right", xshift: -5, font: { size: 11, color: css("--soft") }, bgcolor: css("--card"), borderpad: 1, opacity: 0.9 })),
  ]);
  const lines = dimensions.map((_, k) => ({ type: "line", x0: k, x1: k, y0: 0, y1: 1, line: { color: css("--soft"), width: 1.2 } }));
  const hidden = { visible: false, fixedrange: true };
  return [traces, layout({
    hovermode: "closest", showlegend: true, annotations, shapes: lines, margin: { l: 24, r: 24, t: 32, b: 4 },
    xaxis: { ...hidden, range: [-0.35, dimensions.length - 0.75] }, yaxis: { ...hidden, range: [-0.04, 1.14 + 0.08 * (levels - 1)] },
  })];
}
