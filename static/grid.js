// Moving about a grid by keyboard, pasting a block from a spreadsheet, marking what was changed.
(() => {
  "use strict";
  for (const form of document.querySelectorAll("form[data-zx-grid]")) {
    const rows = [...form.querySelectorAll("tbody tr")].map((row) => [...row.querySelectorAll(".zx-cell")]);
    const grid = rows.filter((row) => row.length);

    const mark = (cell) => cell.toggleAttribute("data-zx-changed", cell.value.trim() !== cell.dataset.zxWas);
    const at = (cell) => {
      const y = grid.findIndex((row) => row.includes(cell));
      return [y, grid[y]?.indexOf(cell)];
    };
    const go = (y, x) => {
      const cell = grid[y]?.[x];
      if (!cell) return false;
      cell.focus();
      cell.select();
      return true;
    };

    for (const cell of grid.flat()) mark(cell);
    form.addEventListener("input", (event) => {
      if (event.target.matches(".zx-cell")) mark(event.target);
    });
    form.addEventListener("keydown", (event) => {
      if (!event.target.matches(".zx-cell")) return;
      const [y, x] = at(event.target);
      const whole = event.target.selectionStart === 0 && event.target.selectionEnd === event.target.value.length;
      const steps = { ArrowDown: [1, 0], ArrowUp: [-1, 0], Enter: [event.shiftKey ? -1 : 1, 0] };
      if (whole) Object.assign(steps, { ArrowLeft: [0, -1], ArrowRight: [0, 1] });
      const step = steps[event.key];
      if (!step) return;
      event.preventDefault();
      go(y + step[0], x + step[1]);
    });
    form.addEventListener("paste", (event) => {
      if (!event.target.matches(".zx-cell")) return;
      const text = event.clipboardData.getData("text/plain").replace(/\r?\n$/, "");
      if (!/[\t\n]/.test(text)) return;
      event.preventDefault();
      const [top, left] = at(event.target);
      text.split(/\r?\n/).forEach((line, down) => {
        line.split("\t").forEach((value, right) => {
          const cell = grid[top + down]?.[left + right];
          if (!cell || cell.readOnly) return;
          cell.value = value.trim().slice(0, 40);
          mark(cell);
        });
      });
    });
  }
})();
