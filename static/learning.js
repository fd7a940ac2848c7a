// The arrow keys turn the pages of a lesson; typing in a field stays typing.
document.addEventListener("keydown", (event) => {
  if (event.altKey || event.ctrlKey || event.metaKey || event.shiftKey || event.defaultPrevented) return;
  if (event.target.closest("input, textarea, select, button, summary, [contenteditable]")) return;
  const key = { ArrowLeft: "back", ArrowRight: "next" }[event.key];
  const target = key && document.querySelector(`[data-lx-${key}]`);
  if (target) {
    event.preventDefault();
    target.click();
  }
});
