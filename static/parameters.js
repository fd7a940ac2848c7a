// While parameters are typed: what lies outside the range allowed above, and what the weights add up to.
(() => {
  "use strict";
  for (const form of document.querySelectorAll("form[data-zx-parameters]")) {
    const cells = [...form.querySelectorAll("input[data-zx-now]")];
    const sum = form.querySelector("[data-zx-sum]");
    const number = (text) => (text.trim() === "" ? NaN : Number(text));

    const check = (cell) => {
      const note = cell.parentElement.querySelector("[data-zx-span]");
      const [value, low, high] = [cell.value, cell.dataset.zxLow, cell.dataset.zxHigh].map(number);
      const outside = value < low || value > high;
      cell.classList.toggle("is-invalid", outside);
      note.textContent = outside ? note.dataset.zxSpan : "";
    };
    const add = () => {
      if (!sum) return;
      const fixed = [...form.querySelectorAll("[data-zx-fixed]")].map((cell) => Number(cell.dataset.zxFixed));
      const typed = cells.map((cell) => Number(cell.value.trim() || cell.dataset.zxNow));
      const total = [...fixed, ...typed].reduce((all, one) => all + one, 0);
      sum.textContent = String(Math.round(total * 1e4) / 1e4);
      sum.classList.toggle("zx-error", sum.textContent !== "100");
    };

    form.addEventListener("input", (event) => {
      if (cells.includes(event.target)) check(event.target);
      add();
    });
    add();
  }
})();
