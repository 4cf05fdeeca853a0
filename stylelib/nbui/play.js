// Makes outputs of stylebook that can be played with out of what stands in them; each says in data-play what it is.
(() => {
  "use strict";
  const make = (tag, parent, properties) => Object.assign(parent.appendChild(document.createElement(tag)), properties);

  // A labelled slider over values; show is called whenever it moves.
  function slider(parent, name, values, at, show) {
    const label = make("label", parent, {textContent: name + " "});
    label.style.cssText = "display: flex; gap: 0.6em; align-items: center; font: inherit; margin: 0.4em 0";
    const input = make("input", label, {type: "range", min: 0, max: values.length - 1, value: at});
    input.dataset.lmSuppressShortcuts = "true"; // else JupyterLab takes the arrow keys
    input.style.cssText = "flex: 1; min-width: 8em; max-width: 30em; accent-color: #1f77b4";
    const value = make("output", label, {});
    value.style.minWidth = "5em";
    const tell = () => {
      value.textContent = values[input.value];
      input.setAttribute("aria-valuetext", values[input.value]);
    };
    input.addEventListener("input", () => { tell(); show(); });
    tell();
    return {get at() { return Number(input.value); }, set at(to) { input.value = to; tell(); }};
  }

  // A button that goes through values in turn and says what it will do next; show is called whenever it is pressed.
  function button(parent, name, values, at, show) {
    const input = make("button", parent, {type: "button"});
    input.dataset.lmSuppressShortcuts = "true";
    input.style.cssText = "font: inherit; padding: 0.2em 0.8em; margin: 0.2em 0";
    const tell = () => { input.textContent = values[at]; };
    input.addEventListener("click", () => {
      at = (at + 1) % values.length;
      tell();
      show();
    });
    tell();
    return {get at() { return at; }};
  }

  // The place of the controls: above what is shown, whose top would else be out of sight where the slider is in it.
  function above(root) {
    const controls = make("div", root, {});
    controls.style.flexBasis = "100%";
    root.prepend(controls);
    return controls;
  }

  // Calls taken with the place of the pointer in the svg, in its units, as long as a button is down, or always.
  function follow(svg, taken, always) {
    svg.style.touchAction = "none";
    svg.style.cursor = "pointer";
    for (const kind of ["pointerdown", "pointermove"]) {
      svg.addEventListener(kind, event => {
        if (event.buttons || always) taken(new DOMPoint(event.clientX, event.clientY).matrixTransform(svg.getScreenCTM().inverse()));
      });
    }
  }

  // One picture of many: a slider for each axis, and a point that shows where it is on the svg beside.
  function steps(root, play) {
    const picture = root.querySelector("img"), svg = root.querySelector("svg");
    const controls = above(root);
    const show = () => {
      const at = sliders.reduce((at, slider, i) => at * play.axes[i].values.length + slider.at, 0);
      picture.src = play.frames[at];
      picture.alt = play.titles[at];
      if (!svg) return;
      const place = play.places[at];
      svg.querySelector(".line")?.setAttribute("transform", `translate(${place.x} 0)`);
      svg.querySelectorAll(".dot").forEach((dot, i) => {
        dot.setAttribute("cx", place.x);
        dot.setAttribute("cy", place.ys[i]);
      });
    };
    const sliders = play.axes.map(axis => slider(controls, axis.name, axis.values, axis.at, show));
    if (svg) follow(svg, point => {
      const far = place => Math.abs(place.x - point.x) + (play.plane ? Math.abs(place.ys[0] - point.y) : 0);
      let at = play.places.reduce((best, place, i) => far(place) < far(play.places[best]) ? i : best, 0);
      for (let i = sliders.length - 1; i >= 0; i--) {
        const count = play.axes[i].values.length;
        sliders[i].at = at % count;
        at = Math.floor(at / count);
      }
      show();
    });
    show();
  }

  // Two pictures, one over the other, and a line that divides them.
  function divide(root, play) {
    const [before, after] = root.querySelectorAll("img");
    const frame = make("div", root, {}), line = make("div", frame, {});
    frame.style.cssText = "position: relative; max-width: 100%; line-height: 0; touch-action: none; cursor: ew-resize";
    frame.append(before, after, line);
    before.style.display = "block";
    after.style.cssText += "; position: absolute; left: 0; top: 0; width: 100%; height: 100%";
    line.style.cssText = "position: absolute; top: 0; height: 100%; width: 2px; margin-left: -1px; background: white; outline: 1px solid black; pointer-events: none";
    const controls = above(root);
    const percents = Array.from({length: 101}, (_, i) => i + " %");
    const show = () => {
      line.style.left = share.at + "%";
      after.style.clipPath = `inset(0 0 0 ${share.at}%)`;
    };
    const share = slider(controls, before.alt + " | " + after.alt, percents, play.at, show);
    for (const kind of ["pointerdown", "pointermove"]) {
      frame.addEventListener(kind, event => {
        if (!event.buttons) return;
        event.preventDefault();
        const box = frame.getBoundingClientRect();
        share.at = Math.round(100 * Math.min(1, Math.max(0, (event.clientX - box.left) / box.width)));
        show();
      });
    }
    show();
  }

  // Panels of which parts change: each is an attribute of an element, or its text, and has a value for each place of the axes that it
  // goes by, none for the one that the element has at first. One that counts has a digit to the base 36 for each. The pointer on a
  // panel of class point moves two of the sliders.
  function panels(root, play) {
    const controls = above(root);
    const elements = play.parts.map(part => root.querySelector(`[data-part="${part.of}"]`));
    const first = play.parts.map((part, i) => elements[i].getAttribute(part.attribute));
    const show = () => play.parts.forEach((part, i) => {
      const told = part.values[part.by.reduce((at, by, k) => at + by * axes[k].at, 0)], value = told === 0 ? told : told || first[i];
      if (part.attribute === "text") elements[i].textContent = value;
      else elements[i].setAttribute(part.attribute, typeof part.values === "string" ? parseInt(value, 36) : value);
    });
    const axes = play.axes.map(axis => (axis.button ? button : slider)(controls, axis.name, axis.values, axis.at, show));
    const svg = root.querySelector("svg.point");
    if (svg) follow(svg, point => {
      const box = svg.viewBox.baseVal, shares = [point.x / box.width, point.y / box.height];
      play.point.forEach((axis, i) => {
        const count = axis < 0 ? 0 : play.axes[axis].values.length;
        if (count) axes[axis].at = Math.min(count - 1, Math.max(0, Math.floor(count * shares[i])));
      });
      show();
    }, play.hover);
    show();
  }

  for (const root of document.querySelectorAll(".stylebook-play[data-play]:not([data-on])")) {
    root.dataset.on = "";
    const play = JSON.parse(root.dataset.play);
    (play.parts ? panels : play.axes ? steps : divide)(root, play);
  }
})();
