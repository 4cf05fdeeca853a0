"use strict";
// Curves of losses, which page, gallery and large view draw.

const termsOf = record => Object.keys(record).filter(name => !["epoch", "lr", "seconds"].includes(name));

// curve leaves out what is next to nothing, such as the content loss of the content itself: it would flatten all the rest.
function curve(name, from, label = name, colour = null, second = false) {
  const most = from.reduce((m, r) => Math.max(m, r[name]), 0);
  return {name: label, colour, second, points: from.map(r => [r.epoch, r[name]]).filter(p => p[1] > most * 1e-4)};
}

// plot draws curves over epochs, on a logarithmic axis.
function plot(curves, most = 640) {
  const seen = curves.filter(c => c.points.length), inRow = 4;
  const width = Math.min(most, innerWidth - 60), left = 62, bottom = 22, top = 8 + 18 * Math.ceil(seen.length / inRow), height = 216 + top;
  const xs = seen.flatMap(c => c.points.map(p => p[0])), ys = seen.flatMap(c => c.points.map(p => Math.log10(p[1])));
  const extent = values => values.reduce(([a, b], v) => [Math.min(a, v), Math.max(b, v)], [Infinity, -Infinity]);
  const [x0, x1] = extent(xs), [low, high] = extent(ys);
  const y0 = Math.floor(low), y1 = Math.max(y0 + 1, Math.ceil(high));
  const x = v => left + (v - x0) / Math.max(1, x1 - x0) * (width - left - 8);
  const y = v => height - bottom - (v - y0) / (y1 - y0) * (height - bottom - top);
  const label = seen.map(c => `${c.name}: ${c.points.at(-1)[1].toPrecision(3)}`).join(", ");
  const svg = make("svg", {viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": label});
  for (let power = y0; power <= y1; power += Math.ceil((y1 - y0) / 6)) {
    svg.append(make("line", {class: "grid", x1: left, x2: width - 8, y1: y(power), y2: y(power)}),
      make("text", {x: left - 6, y: y(power) + 4, "text-anchor": "end"}, String(Number((10 ** power).toPrecision(1)))));
  }
  svg.append(make("text", {x: left, y: height - 5}, String(x0)), make("text", {x: width - 8, y: height - 5, "text-anchor": "end"}, String(x1)));
  seen.forEach((c, i) => {
    const colour = `c${(c.colour ?? i) % 5}${c.second ? " second-run" : ""}`;
    svg.append(make("polyline", {class: colour, points: c.points.map(p => `${x(p[0]).toFixed(1)},${y(Math.log10(p[1])).toFixed(1)}`).join(" ")}));
    const at = 4 + i % inRow * (width - 4) / inRow, row = 8 + 18 * Math.floor(i / inRow);
    svg.append(make("line", {class: colour, x1: at, x2: at + 18, y1: row, y2: row}), make("text", {x: at + 23, y: row + 4}, c.name));
  });
  return svg;
}
