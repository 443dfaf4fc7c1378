// Marks, in the contents, the part that is being read.
{
  const links = new Map([...document.querySelectorAll("nav.bar a")].map((link) => [link.hash.slice(1), link]));
  const parts = [...links.keys()].map((id) => document.getElementById(id));
  const list = document.querySelector("nav.bar ul");
  const mark = () => {
    const read = links.get(parts.filter((part) => part.getBoundingClientRect().top < innerHeight / 3).at(-1)?.id);
    if (read?.hasAttribute("aria-current")) return;
    for (const link of links.values()) link.removeAttribute("aria-current");
    if (!read) return;
    read.setAttribute("aria-current", "true");
    list.scrollLeft = read.offsetLeft - list.clientWidth / 2; // where the contents are wider than the screen
  };
  addEventListener("scroll", mark, { passive: true });
  mark();
  // What is closed is printed as well, and closed again.
  let closed = [];
  addEventListener("beforeprint", () => {
    closed = [...document.querySelectorAll("details:not([open])")];
    for (const part of closed) part.open = true;
  });
  addEventListener("afterprint", () => closed.forEach((part) => (part.open = false)));
}
