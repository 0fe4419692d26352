(() => {
  "use strict";
  const one = (selector, root = document) => root.querySelector(selector);
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const tags = { en: "en", zh: "zh-Hans" };
  let language = "en";

  // Elements carry English as their content and other languages in attributes; the English is kept before the first switch.
  function speak(to) {
    for (const ending of ["", "-aria-label"]) {
      const attribute = ending.slice(1);
      for (const part of all(`[data-zh${ending}]`)) {
        const own = attribute ? part.getAttribute(attribute) : part.textContent;
        if (!part.hasAttribute(`data-en${ending}`)) part.setAttribute(`data-en${ending}`, own);
        const text = part.getAttribute(`data-${to}${ending}`);
        if (attribute) part.setAttribute(attribute, text);
        else part.textContent = text;
      }
    }
  }

  function switchTo(to) {
    if (to === language) return;
    language = to;
    document.documentElement.lang = tags[to];
    speak(to);
    for (const button of all("[data-wording]")) button.setAttribute("aria-pressed", button.dataset.wording === to);
    document.title = one("h1").textContent;
  }

  const theme = one("#theme"), dark = window.matchMedia("(prefers-color-scheme:dark)");
  const set = (on) => {
    document.documentElement.dataset.theme = on ? "dark" : "light";
    theme.setAttribute("aria-pressed", on);
  };
  set(dark.matches);
  theme.addEventListener("click", () => set(document.documentElement.dataset.theme !== "dark"));
  for (const button of all("[data-wording]")) button.addEventListener("click", () => switchTo(button.dataset.wording));
  one("#print").addEventListener("click", () => window.print());
  switchTo(document.documentElement.dataset.opens);
})();
