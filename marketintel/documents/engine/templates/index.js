addEventListener("DOMContentLoaded", () => {
  const form = document.querySelector("form");
  const rows = [...document.querySelectorAll("tbody tr")];
  const texts = rows.map((row) => row.textContent.toLowerCase());
  form.hidden = false;
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("input", () => {
    const words = form.elements.words.value.toLowerCase().split(/\s+/);
    let shown = 0;
    rows.forEach((row, number) => {
      row.hidden = !words.every((word) => texts[number].includes(word));
      shown += row.hidden ? 0 : 1;
    });
    form.querySelector("output").value = `${shown} of ${rows.length}`;
  });
});
