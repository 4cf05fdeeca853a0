"use strict";
// A picture seen large: look.open(run) with its photograph, its film and its curves, look.pair(a, b) with another one.

window.look = (() => {
  const dialog = $("look"), says = dialog.dataset, panes = $("look-panes");
  const [share, film] = ["look-share", "look-film"].map(id => $(id).querySelector("input"));
  const view = {zoom: 1, u: 0.5, v: 0.5}; // zoom 1 shows all of it; u and v are what is in the middle, as parts of width and height
  let shown = [], steps = [], opener, timer; // the panes; the film's pictures

  function caption(run) {
    const links = run.picture ? [make("a", {href: address(run), download: `stylize-${run.id}.png`}, says.download), " · ",
      make("a", {href: address(run), target: "_blank"}, says.full)] : [says.nopicture];
    return make("figcaption", {}, `${run.title} · ${sizeOf(run)} · `, ...links);
  }

  function pane(run) {
    const picture = make("img", {class: "after", alt: ""}), before = make("img", {class: "before", alt: ""});
    const sheet = make("div", {class: "look-sheet"}, picture, before), line = make("div", {class: "look-line"}, make("i"));
    const frame = make("div", {class: "look-window", tabindex: 0, role: "group", "aria-label": `${run.title}. ${says.window}`}, sheet, line);
    const p = {run, frame, sheet, line, picture, before, node: make("figure", {}, frame, caption(run))};
    if (run.picture) picture.src = address(run);
    show(line, false);
    touch(p);
    return p;
  }

  // --- where it is ---

  const fit = p => Math.min(p.frame.clientWidth / p.run.width, p.frame.clientHeight / p.run.height);
  const real = () => 1 / devicePixelRatio / fit(shown[0]); // one of the picture's pixels is one of the screen's

  function draw() {
    if (!shown.length || !shown[0].frame.clientWidth) return;
    view.zoom = Math.min(Math.max(view.zoom, Math.min(1, real())), Math.max(1, 16 * real()));
    const first = shown[0], scale = fit(first) * view.zoom;
    view.u = within(view.u, first.frame.clientWidth / first.run.width / scale);
    view.v = within(view.v, first.frame.clientHeight / first.run.height / scale);
    for (const p of shown) place(p);
    $("look-zoom").value = `${Math.round(100 * view.zoom / real())} %`;
  }

  // within keeps what is seen, a part of the whole, inside it.
  const within = (middle, part) => part >= 1 ? 0.5 : Math.min(Math.max(middle, part / 2), 1 - part / 2);

  function place(p) {
    const scale = fit(p) * view.zoom, width = p.run.width * scale, height = p.run.height * scale;
    p.left = p.frame.clientWidth / 2 - view.u * width;
    p.top = p.frame.clientHeight / 2 - view.v * height;
    Object.assign(p.sheet.style, {left: `${p.left}px`, top: `${p.top}px`, width: `${width}px`, height: `${height}px`});
    p.sheet.classList.toggle("pixels", scale * devicePixelRatio >= 3);
    const cut = Number(share.value) / 100;
    p.before.style.clipPath = `inset(0 ${100 - 100 * cut}% 0 0)`;
    p.line.style.left = `${Math.min(Math.max(p.left + cut * width, 0), p.frame.clientWidth)}px`;
  }

  // zoom makes it so many times as large and leaves where it is what lies under a point.
  function zoom(times, p = shown[0], x = p.frame.clientWidth / 2, y = p.frame.clientHeight / 2) {
    const u = (x - p.left) / p.sheet.clientWidth, v = (y - p.top) / p.sheet.clientHeight, before = view.zoom;
    view.zoom *= times;
    draw();
    view.u = u + (view.u - u) * before / view.zoom;
    view.v = v + (view.v - v) * before / view.zoom;
    draw();
  }

  function pan(x, y, p = shown[0]) {
    view.u -= x / p.sheet.clientWidth;
    view.v -= y / p.sheet.clientHeight;
    draw();
  }

  const far = 60; // pixels that an arrow moves it
  const keys = {
    "+": () => zoom(1.25), "=": () => zoom(1.25), "-": () => zoom(0.8), "0": () => zoom(1 / view.zoom), "1": () => zoom(real() / view.zoom),
    ArrowLeft: () => pan(far, 0), ArrowRight: () => pan(-far, 0), ArrowUp: () => pan(0, far), ArrowDown: () => pan(0, -far),
  };

  // --- pointers: one moves the picture or the line, two zoom ---

  function touch(p) {
    const down = new Map();
    let line = false;
    const at = event => {
      const box = p.frame.getBoundingClientRect();
      return {x: event.clientX - box.left, y: event.clientY - box.top};
    };
    p.frame.addEventListener("pointerdown", event => {
      if (event.button) return;
      line = p.line.contains(event.target);
      down.set(event.pointerId, at(event));
      p.frame.setPointerCapture(event.pointerId);
    });
    p.frame.addEventListener("pointermove", event => {
      const old = down.get(event.pointerId), now = at(event);
      if (!old) return;
      const other = [...down].find(([id]) => id !== event.pointerId)?.[1];
      down.set(event.pointerId, now);
      if (line) {
        share.value = 100 * (now.x - p.left) / p.sheet.clientWidth;
        draw();
      } else if (other) {
        const apart = q => Math.max(1, Math.hypot(q.x - other.x, q.y - other.y));
        pan((now.x - old.x) / 2, (now.y - old.y) / 2, p);
        zoom(apart(now) / apart(old), p, (now.x + other.x) / 2, (now.y + other.y) / 2);
      } else pan(now.x - old.x, now.y - old.y, p);
    });
    for (const end of ["pointerup", "pointercancel"]) p.frame.addEventListener(end, event => down.delete(event.pointerId));
    p.frame.addEventListener("wheel", event => {
      event.preventDefault();
      const {x, y} = at(event);
      zoom(Math.exp(-event.deltaY / (event.deltaMode ? 10 : 400)), p, x, y);
    }, {passive: false});
    p.frame.addEventListener("dblclick", event => {
      const {x, y} = at(event), whole = Math.abs(view.zoom - 1) < 0.01;
      zoom((whole ? real() : 1) / view.zoom, p, x, y);
    });
  }

  // --- what it was before ---

  async function more(run) {
    const seen = await fetch(`runs/${run.id}/look`).then(answer => answer.json()).catch(() => null); // the page says that nobody answers
    if (!seen || shown[0]?.run.id !== run.id) return;
    const p = shown[0], atEnd = film.value === film.max;
    if (seen.photograph && !p.before.hasAttribute("src")) {
      p.before.addEventListener("load", () => { show($("look-share"), true); show(p.line, true); draw(); });
      p.before.src = `runs/${run.id}/photograph.jpg`;
      p.before.alt = says.before;
    }
    steps = (seen.film || []).filter(epoch => !seen.row.picture || epoch < seen.row.epoch)
      .map(epoch => ({epoch, src: `runs/${run.id}/film/${epoch}`}));
    if (seen.row.picture) steps.push({epoch: seen.row.epoch, src: address(seen.row)});
    if (seen.row.picture && !run.picture) p.node.lastChild.replaceWith(caption(run = seen.row));
    film.max = Math.max(0, steps.length - 1);
    if (atEnd) film.value = film.max;
    show($("look-film"), steps.length > 1);
    turn();
    const losses = seen.losses || [];
    show($("look-curves"), losses.length > 1);
    if (losses.length > 1) $("look-curves").querySelector(".plot").replaceChildren(plot(termsOf(losses[0]).map(name => curve(name, losses)), 420));
    draw();
    clearTimeout(timer);
    if (seen.row.status === "running") timer = setTimeout(more, 2000, run);
  }

  // turn shows the picture of the film at which the slider stands. Each is kept, for the browser keeps none.
  function turn() {
    const step = steps[Number(film.value)], p = shown[0];
    if (!step) return;
    $("look-epoch").value = step.epoch;
    film.setAttribute("aria-valuetext", step.epoch);
    if (p.picture.getAttribute("src") === step.src) return;
    step.image ||= make("img", {class: "after", src: step.src, alt: ""});
    p.picture.replaceWith(step.image);
    p.picture = step.image;
  }

  // --- the dialog ---

  function begin(runs) {
    opener = document.activeElement;
    Object.assign(view, {zoom: 1, u: 0.5, v: 0.5});
    film.value = film.max = 0;
    share.value = 50;
    steps = [];
    for (const part of ["look-share", "look-film", "look-curves"]) show($(part), false);
    shown = runs.map(pane);
    $("look-title").textContent = runs.map(run => run.title).join(" · ");
    panes.replaceChildren(...shown.map(p => p.node));
    dialog.showModal();
    shown[0].frame.focus();
    draw();
  }

  dialog.addEventListener("close", () => {
    clearTimeout(timer);
    const again = document.querySelector(`[data-look="${CSS.escape(shown[0].run.id)}"]`); // where the list was drawn anew meanwhile
    (opener.isConnected ? opener : again)?.focus();
    shown = [];
    panes.replaceChildren();
  });
  dialog.addEventListener("keydown", event => {
    const key = keys[event.key];
    if (!key || event.ctrlKey || event.metaKey || event.altKey || event.target.type === "range" && event.key.startsWith("Arrow")) return;
    event.preventDefault();
    key();
  });
  for (const button of dialog.querySelectorAll("[data-key]")) button.addEventListener("click", () => keys[button.dataset.key]());
  $("look-close").addEventListener("click", () => dialog.close());
  share.addEventListener("input", draw);
  film.addEventListener("input", turn);
  new ResizeObserver(draw).observe(panes);

  return {
    open(run) { begin([run]); more(run); },
    pair(a, b) { begin([a, b]); },
  };
})();
