// Copy buttons and focus: everything else works without this file.
document.addEventListener("DOMContentLoaded", decorate);
document.addEventListener("htmx:after:swap", decorate);

function decorate() {
  for (const number of document.querySelectorAll("[data-copy]:not([data-ready])")) {
    number.dataset.ready = "";
    const button = document.createElement("button");
    button.type = "button";
    button.className = "secondary copy";
    button.textContent = "Copy number";
    button.addEventListener("click", async () => {
      await navigator.clipboard.writeText(number.textContent);
      button.textContent = "Copied";
    });
    number.after(button);
  }
  const summary = document.getElementById("summary");
  if (summary) summary.focus();
}
