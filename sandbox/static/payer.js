// Refresh the lists while somebody looks at them; the switches stay as they are being set.
const reader = new DOMParser();

function swap(list, fresh) {
  const active = document.activeElement;
  const named = (one) => `#${one.form?.id} ${one.localName}${one.name ? `[name=${one.name}]` : ""}`;
  const held = list.contains(active) ? named(active) : "";
  const chosen = [...list.querySelectorAll("form[id] select")].map((one) => [named(one), one.value]);
  list.innerHTML = fresh.innerHTML;
  for (const [name, value] of chosen) {
    const same = list.querySelector(name);
    if ([...(same?.options ?? [])].some((one) => one.value === value)) same.value = value;
  }
  if (held) list.querySelector(held)?.focus();
}

setInterval(async () => {
  if (document.hidden) return;
  const answer = await fetch("/control").catch(() => null); // a payer that was stopped
  if (!answer?.ok) return;
  const page = reader.parseFromString(await answer.text(), "text/html");
  for (const list of document.querySelectorAll("[data-live]")) {
    const fresh = page.getElementById(list.id);
    if (fresh.innerHTML !== list.innerHTML) swap(list, fresh);
  }
}, 2000);
