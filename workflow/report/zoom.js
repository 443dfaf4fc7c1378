// Drawings can be enlarged and moved within their frame: by buttons, a double click, dragging, and the arrow keys.
for (const frame of document.querySelectorAll(".drawn")) {
  const drawing = frame.querySelector("svg"), whole = drawing.getAttribute("viewBox").split(" ").map(Number);
  let [x, y, width, height] = whole;
  const name = frame.closest("figure").id;
  const show = () => {
    x = Math.min(Math.max(x, whole[0]), whole[0] + whole[2] - width);
    y = Math.min(Math.max(y, whole[1]), whole[1] + whole[3] - height);
    drawing.setAttribute("viewBox", [x, y, width, height].join(" "));
    const zoomed = width < whole[2];
    frame.classList.toggle("zoomed", zoomed);
    smaller.disabled = all.disabled = !zoomed;
    larger.disabled = whole[2] / width > 15;
  };
  const zoom = (factor, atX = 0.5, atY = 0.5) => {
    const next = Math.min(whole[2], width / factor);
    x += (width - next) * atX;
    y += (height - (next / width) * height) * atY;
    [width, height] = [next, (next / width) * height];
    show();
  };
  const move = (right, down) => {
    x += right * width;
    y += down * height;
    show();
  };
  const bar = document.createElement("div");
  bar.className = "zoom";
  bar.setAttribute("role", "group");
  bar.setAttribute("aria-label", "Enlarge the drawing; the arrow keys move it");
  const button = (text, title, act) => {
    const made = document.createElement("button");
    Object.assign(made, { type: "button", textContent: text, title });
    made.setAttribute("aria-label", title);
    made.setAttribute("aria-controls", name);
    made.addEventListener("click", act);
    bar.append(made);
    return made;
  };
  const larger = button("+", "Larger", () => zoom(1.6));
  const smaller = button("\u2212", "Smaller", () => zoom(1 / 1.6));
  const all = button("\u2922", "The whole drawing", () => zoom(0));
  bar.addEventListener("keydown", (event) => {
    const step = { ArrowLeft: [-0.1, 0], ArrowRight: [0.1, 0], ArrowUp: [0, -0.1], ArrowDown: [0, 0.1] }[event.key];
    if (!step || width === whole[2]) return;
    event.preventDefault();
    move(...step);
  });
  frame.after(bar);
  const at = (event) => {
    const box = drawing.getBoundingClientRect();
    return [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height];
  };
  drawing.addEventListener("dblclick", (event) => zoom(1.6, ...at(event)));
  let held = null;
  drawing.addEventListener("pointerdown", (event) => {
    if (width === whole[2] || event.button) return;
    held = at(event);
    drawing.setPointerCapture(event.pointerId);
  });
  drawing.addEventListener("pointermove", (event) => {
    if (!held) return;
    const here = at(event);
    move(held[0] - here[0], held[1] - here[1]);
    held = here;
  });
  for (const end of ["pointerup", "pointercancel"]) drawing.addEventListener(end, () => (held = null));
  show();
}
