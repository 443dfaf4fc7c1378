// Sorts a table by the column whose head is pressed, by what its cells are worth; cells without a value stay last.
for (const table of document.querySelectorAll("table.sortable")) {
  const heads = [...table.querySelectorAll("thead tr:last-child th")], body = table.tBodies[0];
  heads.forEach((head, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener("click", () => {
      const falling = head.getAttribute("aria-sort") === "ascending";
      for (const other of heads) other.removeAttribute("aria-sort");
      head.setAttribute("aria-sort", falling ? "descending" : "ascending");
      const worth = (row) => row.cells[column].dataset.value;
      const figures = !head.classList.contains("name");
      const compare = (one, other) => {
        const [a, b] = [worth(one), worth(other)];
        if (a === "" || b === "") return (a === "") - (b === "");
        return (falling ? -1 : 1) * (figures ? a - b : a.localeCompare(b));
      };
      body.append(...[...body.rows].sort(compare));
    });
  });
}
