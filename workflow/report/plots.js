// The values behind a drawing: at the pointer, and, for keyboard and touch, at the place of a slider below it.
for (const data of document.querySelectorAll("script.values")) {
  const figure = data.closest("figure"), svg = figure.querySelector("svg"), plot = JSON.parse(data.textContent);
  const frames = plot.panels.map((_, number) => svg.querySelector(`[id$=".panel-${number}"]`).getBBox());
  const short = (value) => Number(value.toPrecision(3)).toLocaleString("en");
  const part = ([low, high], value, logarithmic) =>
    logarithmic ? Math.log(value / low) / Math.log(high / low) : (value - low) / (high - low);
  const place = (number, x, y) => {
    const panel = plot.panels[number], frame = frames[number];
    return [
      frame.x + frame.width * part(panel.x, x, false),
      frame.y + frame.height * (1 - part(panel.y, y, panel.logarithmic)),
    ];
  };
  const marks = document.createElementNS(svg.namespaceURI, "g");
  marks.setAttribute("class", "marks");
  svg.append(marks);
  const mark = (kind, attributes) => {
    const made = document.createElementNS(svg.namespaceURI, kind);
    for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
    marks.append(made);
  };
  const dot = (number, x, y) => {
    const [cx, cy] = place(number, x, y), frame = frames[number];
    if (cx >= frame.x && cx <= frame.x + frame.width && cy >= frame.y && cy <= frame.y + frame.height)
      mark("circle", { cx, cy, r: 4 });
  };

  // Of curves: the value of each at an iteration. Of points: where a test image lies in each panel, and the image.
  const nearest = (values, wanted, distance = (a, b) => Math.abs(a - b)) =>
    values.reduce((best, value, at) => (distance(value, wanted) < distance(values[best], wanted) ? at : best), 0);
  const curves = () => {
    const all = plot.panels.flatMap((panel) => panel.curves);
    const steps = all.reduce((longest, { x }) => (x.length > longest.length ? x : longest), []);
    return {
      name: "Iteration",
      count: steps.length,
      show(at) {
        const told = plot.panels.map((panel, number) => {
          const [x] = place(number, steps[at], panel.y[0]), frame = frames[number];
          mark("line", { x1: x, x2: x, y1: frame.y, y2: frame.y + frame.height });
          const here = panel.curves
            .filter((curve) => steps[at] <= curve.x.at(-1))
            .map((curve) => [curve.name, curve.y[nearest(curve.x, steps[at])]]);
          for (const [, value] of here) dot(number, steps[at], value);
          here.sort((one, other) => one[1] - other[1]);
          return `${panel.title}: ${here.map(([name, value]) => `${name} ${short(value)}`).join(", ")}`;
        });
        return `Iteration ${Math.round(steps[at]).toLocaleString("en")}. ${told.join(". ")}.`;
      },
      at: (number, x) => nearest(steps, plot.panels[number].x[0] + x * (plot.panels[number].x[1] - plot.panels[number].x[0])),
    };
  };
  const points = () => {
    const picture = document.createElement("canvas"), sheet = new Image();
    [picture.width, picture.height] = [plot.size.width, plot.size.height];
    picture.className = "point";
    sheet.src = plot.sheet;
    return {
      name: "Test image",
      count: plot.images.length,
      picture,
      show(at) {
        const { width, height } = plot.size;
        const draw = () => {
          const columns = sheet.width / width, [left, top] = [(at % columns) * width, Math.floor(at / columns) * height];
          picture.getContext("2d").drawImage(sheet, left, top, width, height, 0, 0, width, height);
        };
        if (sheet.complete) draw();
        else sheet.onload = draw;
        const told = plot.panels.map((panel, number) => {
          const [x, y] = panel.points[at];
          dot(number, x, y);
          return `${panel.title}: (${short(x)}, ${short(y)})`;
        });
        const label = plot.labels ? `, class ${plot.labels[at]}` : "";
        return `Test image ${plot.images[at].toLocaleString("en")}${label}. ${told.join("; ")}.`;
      },
      at(number, x, y) {
        const panel = plot.panels[number], frame = frames[number];
        const wanted = [panel.x[0] + x * (panel.x[1] - panel.x[0]), panel.y[0] + (1 - y) * (panel.y[1] - panel.y[0])];
        const [wide, high] = [frame.width / (panel.x[1] - panel.x[0]), frame.height / (panel.y[1] - panel.y[0])];
        return nearest(panel.points, wanted, (a, b) => ((a[0] - b[0]) * wide) ** 2 + ((a[1] - b[1]) * high) ** 2);
      },
    };
  };
  const kind = plot.images ? points() : curves();

  const slider = document.createElement("input"), told = document.createElement("output");
  Object.assign(slider, { type: "range", min: 0, max: kind.count - 1, value: 0 });
  slider.setAttribute("aria-label", `${kind.name} of the drawing`);
  told.setAttribute("aria-live", "off"); // the slider's own text says it
  told.textContent = "Point at the drawing, or move the slider.";
  slider.setAttribute("aria-valuetext", told.textContent);
  const tools = document.createElement("div");
  tools.className = "tools";
  tools.append(slider, ...(kind.picture ? [kind.picture] : []), told);
  figure.querySelector("figcaption").before(tools);
  const show = (at) => {
    marks.replaceChildren();
    slider.value = at;
    told.textContent = kind.show(at);
    slider.setAttribute("aria-valuetext", told.textContent);
  };
  slider.addEventListener("input", () => show(Number(slider.value)));
  svg.addEventListener("pointermove", (event) => {
    const { x, y } = new DOMPoint(event.clientX, event.clientY).matrixTransform(svg.getScreenCTM().inverse());
    const number = frames.findIndex(
      (frame) => x >= frame.x && x <= frame.x + frame.width && y >= frame.y && y <= frame.y + frame.height,
    );
    if (number < 0) return;
    const frame = frames[number];
    show(kind.at(number, (x - frame.x) / frame.width, (y - frame.y) / frame.height));
  });
}
