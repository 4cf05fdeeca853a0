"use strict";
// The gallery: what was painted and is being painted, so many at a time; and two of them compared.

const texts = $("runs").dataset, cards = new Map(); // by the run's ID
let marked = [];

const address = run => `runs/${run.id}/picture.png?${run.epoch}`;
const small = (run, of, i = 0) => `runs/${run.id}/small/${of}/${i}?${run.epoch}${run.status}`;

// list gets the latest pictures, or with more those after what is seen.
async function list(more = false) {
  const turn = list.turn = (list.turn || 0) + 1;
  const query = new URLSearchParams({skip: more ? cards.size : 0, words: $("search").value});
  let rows, all;
  try {
    ({runs: rows, all} = await (await fetch(`runs?${query}`)).json());
  } catch {
    return; // the line above says that nobody answers
  }
  if (turn !== list.turn) return; // another one was asked for meanwhile
  const nodes = rows.map(run => {
    const old = cards.get(run.id), is = JSON.stringify(run);
    if (old?.dataset.is === is) return old;
    const node = card(run);
    node.dataset.is = is;
    old?.replaceWith(node);
    cards.set(run.id, node);
    return node;
  });
  if (!cards.size) $("runs").replaceChildren(make("li", {class: "none"}, texts.none));
  else if (more) $("runs").append(...nodes);
  else nodes.toReversed().forEach(node => { if (!node.isConnected) $("runs").prepend(node); });
  if (cards.size) $("runs").querySelector(".none")?.remove();
  draw(); // a run may have another name
  $("count").textContent = all || "";
  show($("more"), cards.size < all);
  end.unobserve($("more")); // or it says nothing while it stays in sight
  end.observe($("more"));
}

function clear() {
  cards.clear();
  $("runs").replaceChildren();
  return list();
}

$("search").addEventListener("input", () => {
  clearTimeout(clear.timer);
  clear.timer = setTimeout(clear, 300);
});
$("more").addEventListener("click", () => list(true));
const end = new IntersectionObserver(seen => { if (seen.at(-1).isIntersecting) list(true); }, {rootMargin: "600px"});

function card(run) {
  const id = `mark-${run.id}`;
  const box = make("input", {type: "checkbox", id, change: event => mark(run.id, event.target.checked)});
  box.checked = marked.includes(run.id);
  const buttons = [make("label", {for: id}, box, " ", texts.compare)];
  if (run.again) buttons.push(menu(run));
  if (["stopped", "failed"].includes(run.status) && run.epochs > run.epoch) {
    buttons.push(make("button", {type: "button", class: "plain", click: () => begin(`resume/${run.id}`)}, texts.resume));
  }
  if (run.picture) buttons.push(make("a", {class: "button plain", href: address(run), download: `${run.title}.png`}, texts.download));
  if (run.status !== "running") {
    buttons.push(make("button", {type: "button", class: "plain", "aria-label": `${texts.delete}: ${run.title}`, click: () => remove(run)}, texts.delete));
  }
  const facts = [texts[run.status] || run.status, sizeOf(run)]; // how far a running one is stands above
  if (run.status !== "running") facts.push(duration(run.seconds), run.error);
  if (!["finished", "running"].includes(run.status)) facts.splice(1, 0, `${texts.epoch} ${run.epoch} / ${run.epochs}`);
  return make("li", {"data-run": run.id, "data-title": run.title}, seen(run), title(run), make("small", {title: `${run.id} · ${new Date(run.created).toLocaleString()} · ${run.engine}`},
    facts.filter(Boolean).join(" · ")), make("small", {}, run.said.join(" · ")), make("div", {class: "buttons"}, ...buttons));
}

// grow shows, among the others, the picture that is being painted.
function grow(run, source) {
  const empty = cards.get(run)?.querySelector(".empty");
  if (!empty || !source) return;
  if (!empty.firstElementChild) empty.replaceChildren(make("img", {alt: ""}));
  empty.firstElementChild.src = source;
}

// seen is the picture with what it was made from.
function seen(run) {
  const inputs = [["content", run.content], ["style", run.style]].flatMap(([of, n]) => Array.from({length: Math.min(n, 4)}, (_, i) =>
    make("img", {src: small(run, of, i), loading: "lazy", alt: "", error: event => event.target.remove()})));
  const picture = make("button", {type: "button", class: "plain large", "data-look": run.id, "aria-label": `${texts.look} ${run.title}`, click: () => look.open(run)},
    run.picture ? make("img", {src: small(run, "picture"), loading: "lazy", alt: ""}) : make("span", {class: "empty"}, texts.nopicture));
  return make("div", {class: "seen"}, picture, make("div", {class: "inputs"}, ...inputs));
}

// title is the name, which a click makes a field.
function title(run) {
  const name = make("button", {type: "button", class: "plain name", "aria-label": `${texts.rename}: ${run.title}`, click: () => {
    const field = make("input", {class: "name", maxlength: "80", "aria-label": texts.rename, keydown: event => {
      if (event.key === "Enter") field.blur();
      if (event.key === "Escape") { field.value = run.title; field.blur(); }
    }, blur: async () => {
      if (field.value !== run.title) await ask(`runs/${run.id}/name`, field.value);
      field.replaceWith(name);
      name.focus();
      list();
    }});
    field.value = run.title;
    name.replaceWith(field);
    field.select();
  }}, run.title);
  return name;
}

function menu(run) {
  const details = make("details", {class: "again"}, make("summary", {}, texts.again));
  const entry = (how, click) => make("button", {type: "button", class: "plain", click: () => {
    details.open = false;
    click();
  }}, texts[how]);
  const vary = how => entry(how, () => begin(`runs/${run.id}/again/${how}`));
  details.append(make("div", {}, entry("use", () => use(run)), vary("more"), vary("less"), ...(run.picture ? [vary("larger")] : []),
    ...(run.seeded ? [vary("seed")] : [])));
  details.addEventListener("keydown", event => {
    if (event.key !== "Escape") return;
    details.open = false;
    details.querySelector("summary").focus();
  });
  return details;
}
addEventListener("click", event => {
  for (const open of document.querySelectorAll(".again[open]")) if (!open.contains(event.target)) open.open = false;
});

async function remove(run) {
  if (!await ask(`runs/${run.id}/delete`)) return;
  cards.get(run.id)?.remove();
  cards.delete(run.id);
  if (marked.includes(run.id)) mark(run.id, false);
  const text = $("gone").querySelector("span"), button = $("gone").querySelector("button");
  text.textContent = `${run.title}: ${text.dataset.text}`;
  button.onclick = async () => {
    show($("gone"), false);
    if (await ask(`runs/${run.id}/restore`)) clear();
  };
  show($("gone"), true);
  button.focus();
  list();
}

function mark(id, on) {
  marked = marked.filter(other => other !== id);
  if (on) marked = [...marked, id].slice(-2);
  for (const box of document.querySelectorAll("#runs input[type=checkbox]")) box.checked = marked.includes(box.id.slice("mark-".length));
  compare();
}

async function compare() {
  show($("compared"), marked.length === 2);
  show($("pick"), marked.length < 2);
  if (marked.length < 2) return;
  const {runs, terms, losses, differences} = await (await fetch(`compare/${marked[0]}/${marked[1]}`)).json();
  const names = [...(terms || []), "total"];
  const row = (cell, head, values) => make("tr", {}, make("th", {}, head), ...values.map(v => make(cell, {}, v)));
  const number = v => v === undefined ? "" : v.toPrecision(4);
  const curves = losses.flatMap((records, i) => names.map((name, k) =>
    curve(name, records || [], `${name} ${i + 1}`, k, i === 1)));
  $("compared").replaceChildren(make("button", {type: "button", class: "second close", click: () => {
    marked = [];
    mark();
    $(`mark-${runs[0].id}`)?.focus();
  }}, texts.close),
    make("div", {class: "pair"}, ...runs.map((run, i) => make("figure", {},
      run.picture ? make("img", {src: small(run, "picture"), alt: run.title}) : make("div", {}, texts.nopicture),
      make("figcaption", {}, `${i + 1} · ${run.title}`)))),
    ...(runs.every(r => r.picture) ? [make("button", {type: "button", class: "second large", click: () => look.pair(...runs)}, texts.pair)] : []),
    make("h3", {}, texts.differ),
    make("ul", {class: "differ"}, ...(differences?.length ? differences : [texts.same]).map(line => make("li", {}, line))),
    make("table", {}, row("th", "", runs.map(r => r.title)),
      ...names.map(name => row("td", name === "total" ? texts.total : name, runs.map(r => number(r.last[name])))),
      row("td", texts.epoch, runs.map(r => `${r.epoch} / ${r.epochs}`)), row("td", texts.seconds, runs.map(r => r.seconds.toFixed(1)))),
    ...(curves.some(c => c.points.length > 1) ? [make("div", {class: "plot"}, plot(curves))] : []));
  $("compared").scrollIntoView({block: "nearest"});
}

connect();
list();
