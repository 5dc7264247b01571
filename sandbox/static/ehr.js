// Refresh the left panel when the chart changes; without this file, reload the page.
const panel = document.getElementById("panel");
let shown = "";
setInterval(async () => {
  if (document.hidden) return;
  const text = await (await fetch(panel.dataset.url)).text();
  if (shown && text !== shown) {
    const held = document.activeElement && document.activeElement.getAttribute("href");
    panel.innerHTML = text;
    if (held) panel.querySelector(`[href="${CSS.escape(held)}"]`)?.focus();
  }
  shown = text;
}, 2000);
