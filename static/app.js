// Copy buttons, saved ticks and focus: everything else works without this file.
document.addEventListener("DOMContentLoaded", decorate);
document.addEventListener("htmx:before:swap", remember);
document.addEventListener("htmx:after:swap", () => { decorate(); reopen(); refocus(); entitle(); });

let card = null;
let opened = [];
let held = null;

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
  opened = [...document.querySelectorAll("details[id][open]")].map((one) => one.id);
  held = document.activeElement;
  const within = held && held.closest("article.card");
  card = within && { id: within.id, at: [...document.querySelectorAll("article.card")].indexOf(within) };
}

// A page that looks again by itself closes nothing that a person has opened.
function reopen() {
  for (const id of opened) {
    const found = document.getElementById(id);
    if (found) found.open = true;
    if (found && found.contains(held)) held.focus();
  }
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
