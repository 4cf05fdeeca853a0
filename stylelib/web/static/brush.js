"use strict";
// Marks on a picture: regions, and where colours stay. They belong to the chosen picture, and go up as PNG with it.

window.brush = (() => {
  const dialog = $("brush"), canvas = dialog.querySelector("canvas"), image = dialog.querySelector("img"), ring = dialog.querySelector("i");
  const says = dialog.dataset, paper = canvas.getContext("2d");
  const buttons = [...document.querySelectorAll("button.brush")];
  const most = 1024, undos = 20; // pixels of marks in height and width
  const colours = [[128, 128, 128], [0, 114, 178], [230, 159, 0], [0, 158, 115], [204, 121, 167], [240, 228, 66]]; // of regions in the file; the first is the rest's
  const all = new WeakMap(); // marks by picture

  // A mark has a byte for each pixel: the number of its region, or how much it keeps of its colours.
  let mark, kind, seen, pixels, inks, pen, cursor; // pixels are those of what is seen, inks what they are by value

  const marksOf = (picture, which) => picture && all.get(picture)?.[which];
  const first = role => chosen[role][0];
  const numbers = values => new Set(values || [0]);

  // --- painting ---

  const radius = () => Number($("brush-size").value) / 2;
  const number = () => Number(dialog.querySelector("[name=brush-colour]:checked").value);

  // dab sets the brush down at a place.
  function dab(x, y) {
    const r = radius(), value = kind === "colours" ? 255 * number() : number(), soft = kind === "colours" && $("brush-soft").checked;
    const left = Math.max(0, Math.floor(x - r)), right = Math.min(mark.width - 1, Math.ceil(x + r));
    const top = Math.max(0, Math.floor(y - r)), bottom = Math.min(mark.height - 1, Math.ceil(y + r));
    for (let i = top; i <= bottom; i++) {
      for (let j = left; j <= right; j++) {
        const far = Math.hypot(j - x, i - y) / r;
        if (far > 1) continue;
        const at = i * mark.width + j, old = mark.values[at];
        mark.values[at] = soft ? Math.round(old + (value - old) * Math.min(1, 2 - 2 * far)) : value;
      }
    }
    if (right >= left && bottom >= top) tint(left, top, right - left + 1, bottom - top + 1);
  }

  const packed = ([red, green, blue], opacity) => opacity << 24 | blue << 16 | green << 8 | red; // as all browsers have it in memory

  // tint shows the marks in a part of the picture.
  function tint(left = 0, top = 0, width = mark.width, height = mark.height) {
    for (let i = top; i < top + height; i++) {
      for (let j = left; j < left + width; j++) {
        const at = i * mark.width + j;
        pixels[at] = inks[mark.values[at]];
      }
    }
    paper.putImageData(seen, 0, 0, left, top, width, height);
  }

  function stroke(x, y) {
    const steps = Math.max(1, Math.ceil(Math.hypot(x - pen.x, y - pen.y) / Math.max(1, radius() / 4)));
    for (let k = 1; k <= steps; k++) dab(pen.x + (x - pen.x) * k / steps, pen.y + (y - pen.y) * k / steps);
    pen = {x, y};
  }

  const remember = () => { mark.before = [...mark.before, mark.values.slice()].slice(-undos); };

  function setDown(x, y) {
    remember();
    pen = {x, y};
    dab(x, y);
  }

  function undo() {
    if (mark.before.length) mark.values = mark.before.pop();
    tint();
  }

  function at(event) {
    const box = canvas.getBoundingClientRect();
    return [(event.clientX - box.left) * mark.width / box.width, (event.clientY - box.top) * mark.height / box.height];
  }

  // point shows the brush where it is, and how large.
  function point(x, y) {
    cursor = {x: Math.min(Math.max(x, 0), mark.width), y: Math.min(Math.max(y, 0), mark.height)};
    const scale = canvas.clientWidth / mark.width, side = 2 * radius() * scale;
    Object.assign(ring.style, {left: `${cursor.x * scale - side / 2}px`, top: `${cursor.y * scale - side / 2}px`, width: `${side}px`, height: `${side}px`});
    show(ring, true);
  }

  canvas.addEventListener("pointerdown", event => {
    if (event.button || !event.isPrimary) return;
    canvas.setPointerCapture(event.pointerId);
    point(...at(event));
    setDown(...at(event));
  });
  canvas.addEventListener("pointermove", event => {
    if (!event.isPrimary) return;
    point(...at(event));
    if (pen && event.buttons) stroke(...at(event));
  });
  for (const end of ["pointerup", "pointercancel"]) canvas.addEventListener(end, () => { pen = null; });
  canvas.addEventListener("pointerleave", () => show(ring, document.activeElement === canvas));

  canvas.addEventListener("keydown", event => {
    const far = event.shiftKey ? 1 : Math.max(1, radius() / 2);
    const [x, y] = {ArrowLeft: [-far, 0], ArrowRight: [far, 0], ArrowUp: [0, -far], ArrowDown: [0, far]}[event.key] || [0, 0];
    if (x || y) {
      point(cursor.x + x, cursor.y + y);
      if (pen) stroke(cursor.x, cursor.y);
    } else if (event.key === " ") {
      if (pen) pen = null; else setDown(cursor.x, cursor.y);
    } else return;
    event.preventDefault();
    const part = (value, of) => `${Math.round(100 * value / of)} %`;
    $("brush-says").value = `${part(cursor.x, mark.width)}, ${part(cursor.y, mark.height)}, ${pen ? says.down : says.up}`;
  });

  // --- the dialog ---

  async function open(role, which) {
    image.src = document.querySelector(`.drop[for="${role}"] img`).src;
    if (await image.decode().then(() => false, () => true)) return refuse(says.unseen);
    kind = which;
    pen = null;
    image.style.width = `min(100cqw, ${100 * image.naturalWidth / image.naturalHeight}cqh)`;
    mark = marksOf(first(role), which) || blank();
    all.set(first(role), {...all.get(first(role)), [which]: mark});
    [canvas.width, canvas.height] = [mark.width, mark.height];
    seen = paper.createImageData(mark.width, mark.height);
    pixels = new Uint32Array(seen.data.buffer);
    inks = which === "colours" ? Array.from({length: 256}, (_, v) => packed(colours[1], 0.7 * v)) : colours.map((c, v) => packed(c, v ? 170 : 0));
    tint();
    for (const part of dialog.querySelectorAll("[data-kind]")) show(part, part.dataset.kind === which);
    dialog.querySelector("[name=brush-colour][value='1']").checked = true;
    $("brush-title").textContent = buttons.find(b => b.dataset.role === role && b.dataset.mark === which).dataset.text;
    $("brush-size").max = Math.max(mark.width, mark.height) / 3;
    $("brush-size").value = Math.max(mark.width, mark.height) / 12;
    $("brush-says").value = "";
    dialog.showModal();
    canvas.focus();
    point(mark.width / 2, mark.height / 2);
  }

  function blank() {
    const scale = Math.min(1, most / Math.max(image.naturalWidth, image.naturalHeight));
    const width = Math.max(1, Math.round(image.naturalWidth * scale)), height = Math.max(1, Math.round(image.naturalHeight * scale));
    return {width, height, values: new Uint8Array(width * height), before: []};
  }

  const keeps = () => valueOf($("keep-colours")) === "luminance"; // else colours can't be kept in places

  // tell says on the buttons what is marked. Where there is no picture there is nothing to mark.
  function tell() {
    for (const button of buttons) {
      button.dataset.text ||= button.textContent;
      const {role, mark: which, text} = button.dataset, used = [...numbers(marksOf(first(role), which)?.values)].filter(Boolean);
      button.disabled = !first(role);
      button.title = first(role) ? "" : says.choose;
      button.textContent = text + (!used.length ? "" : which === "regions" ? ` · ${used.sort().join(", ")}` : keeps() ? " ✓" : "");
    }
  }

  dialog.addEventListener("close", () => {
    if (kind === "colours" && mark.values.some(Boolean)) put($("keep-colours"), "luminance");
    tell();
  });
  dialog.addEventListener("keydown", event => {
    if ((event.ctrlKey || event.metaKey) && event.key === "z") undo();
  });
  $("brush-done").addEventListener("click", () => dialog.close());
  $("brush-undo").addEventListener("click", undo);
  $("brush-clear").addEventListener("click", () => {
    remember();
    mark.values.fill(0);
    tint();
  });
  $("brush-size").addEventListener("input", () => point(cursor.x, cursor.y));
  canvas.setAttribute("aria-label", says.board);
  for (const button of buttons) button.addEventListener("click", () => open(button.dataset.role, button.dataset.mark));
  for (const news of ["change", "drop"]) $("form").addEventListener(news, tell);
  tell();

  // --- what goes up ---

  function file(marks, colour) {
    const sheet = make("canvas", {width: marks.width, height: marks.height}), on = sheet.getContext("2d");
    const pixels = on.createImageData(marks.width, marks.height);
    marks.values.forEach((value, i) => pixels.data.set([...colour(value), 255], 4 * i));
    on.putImageData(pixels, 0, 0);
    return new Promise(done => sheet.toBlob(done, "image/png"));
  }

  // add puts the marks on a photograph and on the paintings into a form; it returns why they can't be meant, "" where they can.
  async function add(form, photograph) {
    const none = {width: 1, height: 1, values: [0]}, there = chosen.style.map(p => marksOf(p, "regions") || none);
    const here = marksOf(photograph, "regions") || none, known = numbers(there.flatMap(m => [...numbers(m.values)]));
    const alone = [...numbers(here.values)].find(n => !known.has(n));
    if (alone !== undefined) return says.alone.replace("#", alone ? says.region.replace("#", alone) : says.rest);
    if (numbers(here.values).size > 1 || known.size > 1) {
      form.append("content-mask", await file(here, n => colours[n]), "marks");
      for (const one of there) form.append("style-mask", await file(one, n => colours[n]), "marks");
    }
    const kept = marksOf(photograph, "colours");
    if (kept?.values.some(Boolean) && keeps()) form.append("colours-mask", await file(kept, v => [v, v, v]), "marks");
    return "";
  }

  return {add, tell};
})();
