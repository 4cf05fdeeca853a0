"use strict";
// The page: sends pictures and options, and shows what the program tells. All addresses are relative: the token is in them.

const $ = id => document.getElementById(id);
const show = (node, seen) => { node.hidden = !seen; };
const page = document.body.dataset;
const defaults = JSON.parse(page.defaults);
const fields = Object.keys(defaults[$("preset").value]).map($);

function make(tag, attributes = {}, ...children) {
  const node = ["svg", "line", "polyline", "text"].includes(tag)
    ? document.createElementNS("http://www.w3.org/2000/svg", tag) : document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") node.addEventListener(name, value); else node.setAttribute(name, value);
  }
  node.append(...children);
  return node;
}

const sizeOf = ({height, width}) => page.size.replace("#w", width).replace("#h", height);

// --- options ---

const boxes = field => [...field.querySelectorAll("input")];
const isMany = field => field.tagName === "FIELDSET" && field.id !== "blend";
const isSlider = field => field.type === "range";

// valueOf is what a field says. A slider or a group of boxes that was not touched says just what it was put to, which may be what it can't show.
function valueOf(field) {
  if (field.id === "blend") return chosen.style.length > 1 ? boxes(field).map(b => b.value).join(",") : "";
  if (field.dataset.exact !== undefined) return field.dataset.exact;
  if (isMany(field)) return boxes(field).filter(b => b.checked).map(b => b.value).join(",");
  if (!isSlider(field)) return field.value;
  if (!("log" in field.dataset)) return field.value;
  return field.value === field.min ? "0" : String(Number((10 ** field.value).toPrecision(2)));
}

function put(field, value) {
  if (field.id === "blend") boxes(field).forEach((b, i) => { b.value = value ? value.split(",")[i] : 1; });
  else if (isMany(field)) boxes(field).forEach(b => { b.checked = value.split(",").includes(b.value); });
  else field.value = isSlider(field) && "log" in field.dataset ? (value > 0 ? Math.log10(value) : field.min) : value;
  if (isSlider(field) || isMany(field)) field.dataset.exact = value;
  tell(field);
}

function tell(field) {
  const output = document.querySelector(`output[for="${field.id}"]`);
  if (output) output.value = valueOf(field);
  if (isSlider(field)) field.setAttribute("aria-valuetext", valueOf(field));
}

const standard = field => defaults[$("preset").value][field.id];
const changed = field => isSlider(field) ? Number(valueOf(field)) !== Number(standard(field)) : valueOf(field) !== standard(field);
const given = () => fields.filter(f => f.id === "preset" || changed(f)).map(f => [f.id, valueOf(f)]);

for (const field of fields.filter(isMany)) put(field, standard(field)); // which the boxes may not show
let before = defaults[$("preset").value];
$("preset").addEventListener("change", () => {
  const now = defaults[$("preset").value];
  for (const field of fields) if (!["preset", "blend"].includes(field.id) && valueOf(field) === before[field.id]) put(field, now[field.id]);
  before = now;
});
$("form").addEventListener("input", event => {
  delete event.target.dataset.exact;
  delete event.target.closest("fieldset")?.dataset.exact;
  if (fields.includes(event.target)) tell(event.target);
  renew();
});
$("form").addEventListener("change", renew);

// renew is called when what is asked for has changed: what was said of it holds no more.
function renew() {
  refuse("");
  if (!$("forecast").textContent.endsWith("…")) $("forecast").append(" …");
  clearTimeout(renew.timer);
  renew.timer = setTimeout(foresee, 400);
}

async function foresee() {
  foresee.last?.abort();
  foresee.last = new AbortController();
  const query = new URLSearchParams(given());
  for (const role of ["content", "style"]) for (const p of chosen[role]) if (role === "style" || p === chosen[role][0]) query.append(role, p.size || "");
  if (from) query.set("from", from);
  const text = $("forecast").dataset;
  try {
    const answer = await fetch(`estimate?${query}`, {signal: foresee.last.signal});
    const f = answer.ok && await answer.json();
    const short = f && f.free && f.bytes > f.free;
    $("forecast").classList.toggle("note", short);
    $("forecast").textContent = f ? `${text.about} ${duration(f.seconds)} · ${sizeOf(f)} · ${(f.bytes / 1e9).toPrecision(2)} ${text.memory}` +
      (short ? `, ${text.short} ${(f.free / 1e9).toPrecision(2)} GB` : "") : "";
  } catch { /* another one is under way, or nobody answers, which is told above */ }
}

// --- pictures ---

const chosen = {content: [], style: []}; // each {name, source, file, size}; without a file it is of the run "from"
let from = "";

function choose(role, pictures) {
  for (const old of chosen[role]) if (old.file && !pictures.includes(old)) URL.revokeObjectURL(old.source);
  chosen[role] = role === "style" ? pictures.slice(0, Number(page.styles)) : pictures;
  const drop = document.querySelector(`.drop[for="${role}"]`), image = drop.querySelector("img"), first = chosen[role][0];
  show(image, first);
  image.alt = first ? chosen[role].map(p => p.name).join(", ") : "";
  drop.dataset.more = chosen[role].length > 1 ? `× ${chosen[role].length}` : "";
  if (first) look_at(image, first);
  if (role === "style") shares();
  brush.tell();
  if (!chosen.content.concat(chosen.style).some(p => !p.file)) forget();
  renew();
}

// look_at shows a picture; one that the browser can't decode the program makes small.
function look_at(image, picture) {
  image.onload = () => { picture.size = `${image.naturalWidth}x${image.naturalHeight}`; renew(); };
  image.onerror = async () => {
    image.onerror = null;
    const answer = picture.file && await fetch("small", {method: "POST", body: picture.file}).catch(() => null);
    if (answer?.ok) image.src = picture.source = URL.createObjectURL(await answer.blob());
  };
  image.src = picture.source;
}

const own = files => [...files].map(file => ({name: file.name, source: URL.createObjectURL(file), file}));

// shares shows a slider for each of several paintings.
function shares() {
  const several = chosen.style.length > 1, field = $("blend");
  show(field, several);
  show($("another"), chosen.style.length && chosen.style.length < Number(page.styles) && chosen.style.every(p => p.file));
  field.querySelector("div").replaceChildren(...(several ? chosen.style : []).map((picture, i) => {
    const image = make("img", {alt: ""});
    look_at(image, picture);
    return make("p", {}, image, make("input", {type: "range", min: "0.1", max: "5", step: "0.1", value: "1", "aria-label": picture.name}),
      make("button", {type: "button", class: "plain", "aria-label": `${field.dataset.remove}: ${picture.name}`,
        click: () => choose("style", chosen.style.filter(p => p !== picture))}, "×"));
  }));
}

// filesOf are the files that were dropped, those in folders too.
async function filesOf(transfer) {
  const inside = async entry => {
    if (entry.isFile) return [await new Promise((done, failed) => entry.file(done, failed))];
    const reader = entry.createReader(), all = [];
    for (;;) {
      const some = await new Promise((done, failed) => reader.readEntries(done, failed));
      if (!some.length) break;
      for (const one of some) if (!one.name.startsWith(".")) all.push(...await inside(one));
    }
    return all;
  };
  const entries = [...transfer.items].map(i => i.webkitGetAsEntry?.()).filter(Boolean);
  return entries.some(e => e.isDirectory) ? (await Promise.all(entries.map(inside))).flat() : [...transfer.files];
}

for (const drop of document.querySelectorAll(".drop")) {
  const role = drop.htmlFor;
  $(role).addEventListener("change", event => choose(role, own(event.target.files)));
  drop.addEventListener("dragover", () => drop.classList.add("over"));
  for (const end of ["dragleave", "drop"]) drop.addEventListener(end, () => drop.classList.remove("over"));
  drop.addEventListener("drop", async event => choose(role, own(await filesOf(event.dataTransfer))));
}
$("another").addEventListener("change", event => choose("style", [...chosen.style, ...own(event.target.files)]));
for (const name of ["dragover", "drop"]) addEventListener(name, event => event.preventDefault()); // or the browser leaves the page

for (const button of document.querySelectorAll("#examples button")) {
  button.addEventListener("click", async () => {
    for (const role of ["content", "style"]) {
      const blob = await (await fetch(`examples/${button.value}-${role}.jpg`)).blob();
      choose(role, own([new File([blob], `${button.dataset[role]}.jpg`, {type: "image/jpeg"})]));
    }
    put($("size"), "224");
    start(false);
  });
}

// use brings the settings and pictures of an earlier run back.
async function use(run) {
  const of = await (await fetch(`runs/${run.id}/settings`)).json();
  for (const role of ["content", "style"]) {
    choose(role, of[role].map((name, i) => ({name, source: `runs/${run.id}/small/${role}/${i}`})));
  }
  from = run.id;
  put($("preset"), of.values.preset || $("preset").value);
  before = defaults[$("preset").value];
  for (const field of fields) if (field.id !== "preset") put(field, of.values[field.id] ?? before[field.id]);
  if (!of.values.size) put($("size"), Math.max(run.height, run.width));
  $("others").querySelector("span").textContent = `${$("others").dataset.text} ${of.others.join(" · ")}`;
  show($("others"), of.others.length);
  $("form").scrollIntoView({block: "nearest"});
  $("start").focus();
}

// forget takes nothing more of an earlier run.
function forget() {
  from = "";
  show($("others"), false);
}
$("others").querySelector("button").addEventListener("click", () => {
  forget();
  for (const role of ["content", "style"]) choose(role, chosen[role].filter(p => p.file));
});

// --- starting ---

$("form").addEventListener("submit", event => {
  event.preventDefault();
  start(false);
});
$("preview").addEventListener("click", () => start(true));

// start sends what was chosen: for several photographs one after the other, as there is room.
async function start(preview) {
  const photographs = preview ? chosen.content.slice(0, 1) : chosen.content, all = [...photographs, ...chosen.style];
  const missing = ["content", "style"].find(role => !chosen[role].length);
  if (missing) return refuse($("refused").dataset[missing]);
  if (all.some(p => p.file && p.file.size > Number(page.limit))) return refuse($("refused").dataset.large);
  refuse("");
  for (const button of [$("start"), $("preview")]) button.disabled = true;
  let reason = "";
  for (let i = 0; i < photographs.length && !reason; i++) {
    while (state.waiting?.length >= Number(page.waiting)) {
      sending(`${photographs.length - i} ${$("sending").dataset.room}`);
      await new Promise(done => setTimeout(done, 500));
    }
    const form = new FormData();
    for (const [role, pictures] of [["content", [photographs[i]]], ["style", chosen.style]]) {
      for (const p of pictures) if (p.file) form.append(role, p.file, p.name);
    }
    for (const [name, value] of given()) form.append(name, value);
    if (from) form.append("from", from);
    if (preview) form.append("preview", "1");
    reason = await brush.add(form, photographs[i]);
    if (reason) break;
    const text = `${$("sending").dataset.text} ${photographs.length > 1 ? `${i + 1} / ${photographs.length}` : ""}`;
    reason = await upload(form, share => sending(text, share));
  }
  sending("");
  for (const button of [$("start"), $("preview")]) button.disabled = false;
  refuse(reason);
  if (!reason) $("job").scrollIntoView();
}

function sending(text, share) {
  show($("sending"), text);
  $("sending").querySelector("span").textContent = text;
  show($("sending").querySelector("progress"), share !== undefined);
  $("sending").querySelector("progress").value = share || 0;
}

// upload sends a form, tells how much of it is sent, and returns why it was refused; "" if it was not.
const upload = (form, tellShare) => new Promise(done => {
  const request = new XMLHttpRequest();
  request.open("POST", "start");
  request.upload.onprogress = event => tellShare(event.loaded / event.total);
  request.onload = () => done(request.status < 300 ? "" : request.responseText || String(request.status));
  request.onerror = () => done($("away").textContent);
  request.send(form);
});

// refuse shows a reason as a sentence.
function refuse(reason) {
  $("refused").textContent = reason && reason[0].toUpperCase() + reason.slice(1) + (/[.!?。]$/.test(reason) ? "" : ".");
  show($("refused"), reason);
  if (reason) $("refused").scrollIntoView({block: "nearest"});
}

// ask sends a request, shows why it was refused if it was, and says whether it was not.
async function ask(path, body) {
  let reason = "";
  try {
    const answer = await fetch(path, {method: "POST", body});
    if (!answer.ok) reason = await answer.text();
  } catch {
    reason = $("away").textContent;
  }
  refuse(reason);
  return !reason;
}

// begin asks for a picture, and shows how it grows.
async function begin(path) {
  if (await ask(path)) $("job").scrollIntoView();
}

// --- the job ---

let state = {phase: "idle", epoch: 0}, records = [], events;
const busy = () => ["preparing", "painting", "stopping"].includes(state.phase);

function connect() {
  events?.close();
  events = new EventSource("events");
  events.onopen = () => show($("away"), false);
  events.onerror = () => {
    show($("away"), true);
    if (events.readyState === EventSource.CLOSED) setTimeout(connect, 3000); // else the browser tries again
  };
  events.onmessage = message => {
    const news = JSON.parse(message.data), old = state;
    state = news;
    records = news.anew ? news.records || [] : records.concat(news.records || []);
    draw();
    if (old.phase !== state.phase || old.run !== state.run) list();
  };
}

// A clock that jumps tells that the computer slept; what was open is dead then, though nobody says so. A page that is not seen has a slow clock.
let tick = Date.now();
const beat = 5000, jump = 60000;
setInterval(() => {
  const away = Date.now() - tick - beat;
  tick = Date.now();
  if (away < jump || document.hidden) return;
  $("slept").textContent = `${$("slept").dataset.text} ${duration(away / 1000)}`;
  show($("slept"), true);
  setTimeout(() => show($("slept"), false), 60000);
  connect();
}, beat);
document.addEventListener("visibilitychange", () => { tick = Date.now(); });

function draw() {
  const phase = $("phase");
  phase.textContent = [cards.get(state.run)?.dataset.title || state.title, state.preview ? phase.dataset.preview : "", phase.dataset[state.phase]].filter(Boolean).join(" · ") +
    (state.error ? " " + state.error : "");
  phase.classList.toggle("note", state.phase === "failed");
  show($("bar"), state.phase !== "idle");
  $("bar").max = state.epochs || 1;
  $("bar").value = state.epoch;
  $("left").textContent = state.epochs ? `${$("left").dataset.epoch} ${state.epoch} / ${state.epochs}` +
    (busy() && state.left > 0 ? ` · ${duration(state.left)} ${$("left").dataset.left}` : "") +
    ` · ${sizeOf(state)}` : "";
  const kept = ["finished", "stopped"].includes(state.phase) && state.run && state.epoch > 0;
  const source = kept ? `runs/${state.run}/picture.png?${state.epoch}` : state.picture ? `picture?${state.picture}` : "";
  if (source && $("picture").getAttribute("src") !== source) $("picture").src = source;
  show($("enlarge"), source && (kept || records.length));
  $("enlarge").disabled = !state.run;
  grow(state.run, source);
  show($("stop"), busy());
  $("stop").disabled = state.phase === "stopping";
  $("stop").textContent = $("stop").dataset[state.preview ? "preview" : "keep"];
  show($("resume"), !busy() && ["stopped", "failed"].includes(state.phase) && state.run);
  $("start").textContent = busy() ? $("start").dataset.next : $("start").dataset.first;
  Object.assign($("download"), {hidden: !kept, href: `runs/${state.run}/picture.png`, download: `stylize-${state.run}.png`});
  const missed = (state.missed || []).slice(0, state.phase === "failed" ? -1 : undefined);
  show($("missed"), missed.length);
  $("missed").replaceChildren(...missed.map(text => make("li", {}, text)));
  show($("waiting"), state.waiting?.length);
  const waiting = $("waiting").querySelector("ol");
  if (waiting.dataset.is !== JSON.stringify(state.waiting)) waiting.replaceChildren(...(state.waiting || []).map(one => make("li", {}, one.title, " ",
    make("button", {type: "button", class: "plain", "aria-label": `${$("waiting").dataset.remove}: ${one.title}`,
      click: () => ask(`waiting/${one.id}/remove`)}, "×"))));
  waiting.dataset.is = JSON.stringify(state.waiting);
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

$("enlarge").addEventListener("click", () => look.open({...state, id: state.run, picture: !busy() && state.epoch > 0}));
$("stop").addEventListener("click", () => ask("stop"));
$("resume").addEventListener("click", () => begin(`resume/${state.run}`));
for (const field of fields) put(field, before[field.id]);
renew();
