// Light or dark: what the person chose on this machine, else what the system says.
(function () {
  const root = document.documentElement;
  const wanted = () => localStorage.getItem("zx-theme")
    || (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light");
  root.setAttribute("data-bs-theme", wanted());
  document.addEventListener("click", (event) => {
    if (!event.target.closest("[data-zx-theme]")) return;
    localStorage.setItem("zx-theme", wanted() === "dark" ? "light" : "dark");
    root.setAttribute("data-bs-theme", wanted());
  });
})();
