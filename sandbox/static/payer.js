// Refresh the lists while somebody looks at them; the switches stay as they are being set.
const reader = new DOMParser();

function swap(list, fresh) {
  const active = document.activeElement;
  const held = list.contains(active) ? `#${active.form?.id} ${active.localName}` : "";
  const chosen = [...list.querySelectorAll("form[id] select")].map((one) => [one.form.id, one.value]);
  list.innerHTML = fresh.innerHTML;
  for (const [form, value] of chosen) {
    const same = document.getElementById(form)?.querySelector("select");
    if (same) same.value = value;
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
