"use strict";
// Filters, ticks and the export. The page says everything without it.
for (const service of document.querySelectorAll(".service")) {
  filters(service);
  ticks(service);
  for (const svg of service.querySelectorAll("svg")) lights(svg);
}

function filters(service) {
  const form = service.querySelector(".filters");
  if (!form) return;
  const sites = [...service.querySelectorAll(".site")];
  const texts = new Map(sites.map((site) => [site, site.textContent.toLowerCase()]));
  const role = form.querySelector("[data-role]");
  const text = form.querySelector("[data-text]");
  const buttons = [...form.querySelectorAll("button")];
  function apply() {
    const levels = buttons.filter((b) => b.getAttribute("aria-pressed") === "true").map((b) => b.dataset.level);
    const wanted = text.value.trim().toLowerCase();
    let shown = 0;
    for (const site of sites) {
      const fits = levels.includes(site.dataset.level) && (!role.value || site.dataset.role === role.value) &&
        texts.get(site).includes(wanted);
      site.hidden = !fits;
      shown += fits;
    }
    form.querySelector(".count").textContent = shown + " of " + sites.length + " shown";
  }
  for (const button of buttons) {
    button.addEventListener("click", () => {
      button.setAttribute("aria-pressed", String(button.getAttribute("aria-pressed") !== "true"));
      apply();
    });
  }
  form.addEventListener("input", apply);
  form.addEventListener("submit", (event) => event.preventDefault());
  // A link to a site that is filtered away shows it again.
  addEventListener("hashchange", () => {
    const site = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (site && site.hidden) site.hidden = false;
  });
  form.hidden = false;
  apply();
}

function ticks(service) {
  const plan = service.querySelector(".plan");
  const boxes = [...plan.querySelectorAll("input")];
  const key = "stateless-audit " + service.dataset.name;
  let done = [];
  try { done = JSON.parse(localStorage.getItem(key)) || []; } catch { /* a browser that keeps nothing */ }
  for (const box of boxes) {
    const text = box.nextElementSibling.textContent;
    box.checked = done.includes(text);
    box.addEventListener("change", count);
  }
  function count() {
    const ticked = boxes.filter((box) => box.checked);
    plan.querySelector(".ticked").textContent = ticked.length + " of " + boxes.length + " done";
    try {
      localStorage.setItem(key, JSON.stringify(ticked.map((box) => box.nextElementSibling.textContent)));
    } catch { /* the same */ }
  }
  plan.querySelector("[data-export]").addEventListener("click", () => {
    const lines = [];
    for (const part of plan.querySelectorAll("h3, .tasks li")) {
      const box = part.querySelector("input");
      const text = (box ? box.nextElementSibling : part).textContent.replace(/\s+/g, " ").trim();
      lines.push(box ? "- [" + (box.checked ? "x" : " ") + "] " + text : "\n## " + text + "\n");
    }
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([lines.join("\n").trim() + "\n"], { type: "text/markdown" }));
    link.download = "stateless-plan.md";
    link.click();
    URL.revokeObjectURL(link.href);
  });
  plan.querySelector(".tools").hidden = false;
  count();
}

function lights(svg) {
  for (const [attribute, name] of [["data-from", "from"], ["data-to", "to"]]) {
    for (const box of svg.querySelectorAll("g[" + attribute + "]")) {
      const light = (on) => {
        svg.classList.toggle("dim", on);
        for (const edge of svg.querySelectorAll(".edge")) {
          edge.classList.toggle("lit", on && edge.dataset[name] === box.dataset[name]);
        }
      };
      for (const event of ["mouseenter", "focusin"]) box.addEventListener(event, () => light(true));
      for (const event of ["mouseleave", "focusout"]) box.addEventListener(event, () => light(false));
    }
  }
}
