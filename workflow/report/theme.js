// The page takes the system's light or dark, or the one that was chosen last; before anything is drawn.
{
  const page = document.documentElement;
  const kept = (value) => {
    try {
      if (value !== undefined) localStorage.setItem("colours", value);
      return localStorage.getItem("colours");
    } catch {
      return null; // a browser that keeps nothing
    }
  };
  const show = (value) => (["light", "dark"].includes(value) ? (page.dataset.colours = value) : delete page.dataset.colours);
  show(kept());
  addEventListener("DOMContentLoaded", () => {
    const choice = document.getElementById("colours");
    choice.value = page.dataset.colours ?? "";
    choice.addEventListener("change", () => {
      kept(choice.value);
      show(choice.value);
    });
    for (const control of document.querySelectorAll(".control")) control.hidden = false;
  });
}
