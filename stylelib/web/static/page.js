"use strict";
// The page: sends two pictures and options, and shows what the program tells. All addresses are relative: the token is in them.

const $ = id => document.getElementById(id);
const show = (node, seen) => { node.hidden = !seen; };
const defaults = JSON.parse(document.body.dataset.defaults);
const fields = Object.keys(defaults[$("preset").value]).map($);
const texts = $("runs").dataset;

function make(tag, attributes = {}, ...children) {
  const node = ["svg", "line", "polyline", "text"].includes(tag)
    ? document.createElementNS("http://www.w3.org/2000/svg", tag) : document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") node.addEventListener(name, value); else node.setAttribute(name, value);
  }
  node.append(...children);
  return node;
}

// --- options ---

const boxes = field => [...field.querySelectorAll("input")];
const isMany = field => field.tagName === "FIELDSET";
const valueOf = field => isMany(field) ? boxes(field).filter(b => b.checked).map(b => b.value).join(",") : field.value;

function put(field, value) {
  if (isMany(field)) boxes(field).forEach(b => { b.checked = value.split(",").includes(b.value); });
  else field.value = value;
  tell(field);
}

function tell(field) {
  const output = document.querySelector(`output[for="${field.id}"]`);
  if (output) output.value = field.value;
}

const changed = field => isMany(field) || field.type !== "range"
  ? valueOf(field) !== standard(field) : Number(valueOf(field)) !== Number(standard(field));
const standard = field => defaults[$("preset").value][field.id];

let before = defaults[$("preset").value];
$("preset").addEventListener("change", () => {
  const now = defaults[$("preset").value];
  for (const field of fields) if (field.id !== "preset" && valueOf(field) === before[field.id]) put(field, now[field.id]);
  before = now;
});
for (const field of fields) {
  put(field, before[field.id]);
  field.addEventListener("input", () => tell(field));
}

// --- pictures ---

const chosen = {};

function choose(role, file) {
  const image = document.querySelector(`.drop[for="${role}"] img`);
  if (image.src) URL.revokeObjectURL(image.src);
  chosen[role] = file;
  show(image, Boolean(file));
  image.alt = file ? file.name : ""; // what is seen of a kind that the browser can't show
  if (file) image.src = URL.createObjectURL(file);
}

for (const drop of document.querySelectorAll(".drop")) {
  const role = drop.htmlFor;
  $(role).addEventListener("change", event => choose(role, event.target.files[0]));
  drop.addEventListener("dragover", () => drop.classList.add("over"));
  for (const end of ["dragleave", "drop"]) drop.addEventListener(end, () => drop.classList.remove("over"));
  drop.addEventListener("drop", event => choose(role, event.dataTransfer.files[0]));
}
for (const name of ["dragover", "drop"]) addEventListener(name, event => event.preventDefault()); // or the browser leaves the page

$("form").addEventListener("submit", async event => {
  event.preventDefault();
  const form = new FormData();
  for (const role of ["content", "style"]) if (chosen[role]) form.append(role, chosen[role], role);
  form.append("preset", $("preset").value);
  for (const field of fields) {
    if (field.id !== "preset" && changed(field)) form.append(field.id, valueOf(field));
  }
  const unfit = await brush.add(form);
  if (unfit) return refuse(unfit);
  const large = Object.values(chosen).some(f => f && f.size > Number(document.body.dataset.limit));
  if (large) refuse($("refused").dataset.large); else if (await ask("start", form)) $("job").scrollIntoView({block: "nearest"});
});

function refuse(reason) {
  $("refused").textContent = reason;
  show($("refused"), reason);
  $("start").disabled = busy();
  if (reason) $("refused").scrollIntoView({block: "nearest"});
}

// ask sends a request, shows why it was refused if it was, and says whether it was not.
async function ask(path, body) {
  $("start").disabled = true;
  let reason = "";
  try {
    const answer = await fetch(path, {method: "POST", body});
    if (!answer.ok) reason = await answer.text();
  } catch (error) {
    reason = String(error);
  }
  refuse(reason);
  return !reason;
}

// --- the job ---

let state = {phase: "idle"}, records = [];
const busy = () => ["preparing", "painting", "stopping"].includes(state.phase);

function connect() {
  const events = new EventSource("events");
  events.onopen = () => show($("away"), false);
  events.onerror = () => show($("away"), true);
  events.onmessage = message => {
    const news = JSON.parse(message.data), old = state;
    state = news;
    records = news.anew ? news.records || [] : records.concat(news.records || []);
    draw();
    if (old.phase !== state.phase || old.run !== state.run) list();
  };
}

function draw() {
  const phase = $("phase");
  phase.textContent = phase.dataset[state.phase] + (state.error ? " " + state.error : "");
  phase.classList.toggle("note", state.phase === "failed");
  show($("bar"), state.phase !== "idle");
  $("bar").max = state.epochs || 1;
  $("bar").value = state.epoch;
  $("left").textContent = state.epochs ? `${$("left").dataset.epoch} ${state.epoch} / ${state.epochs}` +
    (busy() && state.left > 0 ? ` · ${duration(state.left)} ${$("left").dataset.left}` : "") +
    ` · ${state.height} × ${state.width}` : "";
  const kept = ["finished", "stopped"].includes(state.phase) && state.run && state.epoch > 0;
  const source = kept ? `runs/${state.run}/picture.png?${state.epoch}` : state.picture ? `picture?${state.picture}` : "";
  if (source && $("picture").getAttribute("src") !== source && (kept || busy())) $("picture").src = source;
  show($("picture"), source && (kept || records.length));
  show($("stop"), busy());
  $("stop").disabled = state.phase === "stopping";
  show($("resume"), !busy() && ["stopped", "failed"].includes(state.phase) && state.run);
  $("start").disabled = busy();
  show($("download"), kept);
  if (kept) {
    $("download").href = `runs/${state.run}/picture.png`;
    $("download").download = `stylize-${state.run}.png`;
  }
  show($("curves"), records.length > 1);
  if (records.length > 1) $("curves").querySelector(".plot").replaceChildren(plot(termsOf(records[0]).map(name => curve(name, records))));
  show($("says"), (state.says || []).length);
  $("says").querySelector("pre").textContent = (state.says || []).join("\n");
  document.title = busy() && state.epochs ? `${Math.floor(100 * state.epoch / state.epochs)} % · stylize` : "stylize";
}

function duration(seconds) {
  const s = Math.round(seconds), two = n => String(n).padStart(2, "0");
  return s < 3600 ? `${Math.floor(s / 60)}:${two(s % 60)}` : `${Math.floor(s / 3600)}:${two(Math.floor(s / 60) % 60)}:${two(s % 60)}`;
}

$("stop").addEventListener("click", () => ask("stop"));
$("resume").addEventListener("click", () => ask(`resume/${state.run}`));

// --- curves ---

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
    const colour = `c${(c.colour ?? i) % 5}${c.second ? " second" : ""}`;
    svg.append(make("polyline", {class: colour, points: c.points.map(p => `${x(p[0]).toFixed(1)},${y(Math.log10(p[1])).toFixed(1)}`).join(" ")}));
    const at = 4 + i % inRow * (width - 4) / inRow, row = 8 + 18 * Math.floor(i / inRow);
    svg.append(make("line", {class: colour, x1: at, x2: at + 18, y1: row, y2: row}), make("text", {x: at + 23, y: row + 4}, c.name));
  });
  return svg;
}

// --- earlier runs ---

let marked = [];

async function list() {
  let rows;
  try {
    rows = await (await fetch("runs")).json();
  } catch {
    return; // the line above says that nobody answers
  }
  $("runs").replaceChildren(...(rows.length ? rows.map(card) : [make("li", {}, texts.none)]));
}

const address = run => `runs/${run.id}/picture.png?${run.epoch}`;

function card(run) {
  const id = `mark-${run.id}`;
  const box = make("input", {type: "checkbox", id, change: event => mark(run.id, event.target.checked)});
  box.checked = marked.includes(run.id);
  const buttons = [make("label", {for: id}, box, " ", texts.compare)];
  if (["stopped", "failed"].includes(run.status)) {
    buttons.push(make("button", {type: "button", click: () => ask(`resume/${run.id}`).then(() => scrollTo(0, 0))}, texts.resume));
  }
  if (run.picture) buttons.push(make("a", {class: "button", href: address(run), download: `stylize-${run.id}.png`}, texts.download));
  return make("li", {},
    make("button", {type: "button", class: "large", "data-look": run.id, "aria-label": `${run.id}: ${texts.large}`, click: () => look.open(run)},
      run.picture ? make("img", {src: address(run), loading: "lazy", alt: ""}) : make("div", {class: "empty"}, texts.nopicture)),
    make("b", {}, run.id),
    make("small", {}, `${new Date(run.created).toLocaleString()} · ${texts[run.status] || run.status}`),
    make("small", {}, `${run.height} × ${run.width} · ${texts.epoch} ${run.epoch} / ${run.epochs}` +
      (run.last.total ? ` · ${texts.total} ${run.last.total.toPrecision(4)}` : "")),
    make("div", {class: "buttons"}, ...buttons));
}

function mark(id, on) {
  marked = marked.filter(other => other !== id);
  if (on) marked = [...marked, id].slice(-2);
  for (const box of document.querySelectorAll("#runs input")) box.checked = marked.includes(box.id.slice("mark-".length));
  compare();
}

async function compare() {
  show($("compared"), marked.length === 2);
  if (marked.length < 2) return;
  const {runs, terms, losses, differences} = await (await fetch(`compare/${marked[0]}/${marked[1]}`)).json();
  const names = [...(terms || []), "total"];
  const row = (cell, head, values) => make("tr", {}, make("th", {}, head), ...values.map(v => make(cell, {}, v)));
  const number = v => v === undefined ? "" : v.toPrecision(4);
  const curves = losses.flatMap((records, i) => names.map((name, k) =>
    curve(name, records || [], `${name} ${i + 1}`, k, i === 1)));
  $("compared").replaceChildren(
    make("button", {type: "button", class: "large", click: () => look.pair(...runs)}, texts.large),
    make("div", {class: "pair"}, ...runs.map((run, i) => make("figure", {},
      run.picture ? make("img", {src: address(run), alt: run.id}) : make("div", {}, texts.nopicture),
      make("figcaption", {}, `${i + 1} · ${run.id}`)))),
    make("table", {}, row("th", "", runs.map(r => r.id)),
      ...names.map(name => row("td", name === "total" ? texts.total : name, runs.map(r => number(r.last[name])))),
      row("td", texts.epoch, runs.map(r => `${r.epoch} / ${r.epochs}`)), row("td", texts.seconds, runs.map(r => r.seconds.toFixed(1)))),
    make("b", {}, texts.differ),
    make("pre", {}, (differences || []).join("\n") || texts.same),
    ...(curves.some(c => c.points.length > 1) ? [make("div", {class: "plot"}, plot(curves))] : []));
  $("compared").scrollIntoView({block: "nearest"});
}

connect();
list();
