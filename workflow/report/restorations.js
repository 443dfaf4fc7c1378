// Restorations before and after: a slider wipes, in each image, from what the model was given to what it made of it.
for (const data of document.querySelectorAll("script.restorations")) {
  const figure = data.closest("figure"), kept = JSON.parse(data.textContent), sheet = new Image();
  const { width, height } = kept.size, given = kept.rows.indexOf("corrupted") < 0 ? 0 : 1, first = given + 1;
  const way = figure.querySelector("select"), slider = figure.querySelector("input"), told = figure.querySelector("output");
  const cells = kept.images.map((image) => {
    const cell = document.createElement("canvas");
    [cell.width, cell.height] = [width, 2 * height + 1];
    cell.setAttribute("role", "img");
    figure.querySelector(".cells").append(cell);
    return cell;
  });
  const show = () => {
    const chosen = kept.ways[way.value], edge = Math.round((width * slider.value) / 100);
    cells.forEach((cell, at) => {
      const pen = cell.getContext("2d"), left = at * width;
      const draw = (row, from, to, y) =>
        to > from && pen.drawImage(sheet, left + from, row * height, to - from, height, from, y, to - from, height);
      pen.clearRect(0, 0, width, 2 * height + 1);
      draw(first + Number(way.value), 0, edge, 0);
      draw(given, edge, width, 0);
      draw(0, 0, width, height + 1);
      const error = chosen.errors[at].toPrecision(2);
      cell.setAttribute("aria-label", `Test image ${kept.images[at]}, restored with an error of ${error}; below it the original`);
      cell.title = `test image ${kept.images[at]}, error ${error}`;
    });
    slider.setAttribute("aria-valuetext", `${slider.value} % restored`);
    const range = [Math.min(...chosen.errors), Math.max(...chosen.errors)].map((error) => error.toPrecision(2));
    told.textContent = `Errors here from ${range[0]} to ${range[1]}; on average over the ${kept.count} drawn images ${chosen.drawn.toPrecision(3)}.`;
  };
  for (const control of [way, slider]) control.addEventListener("input", show);
  sheet.onload = () => {
    show();
    figure.hidden = false;
  };
  sheet.src = kept.sheet;
}
