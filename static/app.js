// Copy buttons, saved ticks and focus: everything else works without this file.
document.addEventListener("DOMContentLoaded", decorate);
document.addEventListener("htmx:before:swap", remember);
document.addEventListener("htmx:after:swap", () => { decorate(); refocus(); entitle(); });

let card = null;

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
  const told = document.querySelector("#summary, #found");
  if (told) told.focus();
  // What was refused has no address of its own: to load it again, or to come back, sends nothing.
  if (told && told.dataset.at) history.replaceState(history.state, "", told.dataset.at);
}

// The tab says what the page says by now.
function entitle() {
  const heading = document.querySelector("h1");
  if (heading) document.title = heading.textContent;
}

// What was acted on: the card, and where it stands among the cards.
function remember() {
  const held = document.activeElement && document.activeElement.closest("article.card");
  card = held && { id: held.id, at: [...document.querySelectorAll("article.card")].indexOf(held) };
}

// A card that went away hands its focus to the next one, the last one to the heading.
function refocus() {
  if (!card || document.getElementById("summary")) return;
  const cards = [...document.querySelectorAll("article.card")];
  const lost = document.activeElement === document.body || !document.activeElement;
  if (lost || !document.getElementById(card.id)) {
    const next = document.getElementById(card.id) || cards[card.at] || document.getElementById("needs");
    const target = next && (next.querySelector("h3") || next);
    if (target) target.focus();
  }
  card = null;
}
