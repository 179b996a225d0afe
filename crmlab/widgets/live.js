// The browser's part of a view that is drawn in the kernel (see live.py).
// It shows the HTML it is given, sends what is pressed, and keeps the reader's place.

// How long a list stands still, in milliseconds, until what was chosen with keys is taken.
const AT_REST = 500;

function formsIn(root) {
  const forms = {};
  for (const form of root.querySelectorAll("form[data-form]")) {
    const values = {};
    for (const field of form.elements) {
      if (!field.name) continue;
      if (field.type === "radio") {
        values[field.name] ??= "";
        if (field.checked) values[field.name] = field.value;
      } else {
        values[field.name] = field.value;
      }
    }
    forms[form.dataset.form] = values;
  }
  return forms;
}

// What is typed and not handed in outlives the page, for a view that says where it is kept: in the
// session storage of this tab, with what the view says of itself (see half_filled.py).
const lies = (kept) => `crmlab ${kept.at}`;

function keep(kept, forms) {
  try {
    sessionStorage.setItem(lies(kept), JSON.stringify({ kept, forms }));
  } catch {
    // a browser that keeps nothing, or has no room: then it is as long as the page is
  }
}

function keptBefore(kept) {
  try {
    return JSON.parse(sessionStorage.getItem(lies(kept)));
  } catch {
    return null;
  }
}

function placeOf(root) {
  const active = root.contains(document.activeElement) ? document.activeElement : null;
  if (!active || active === root) return null;
  const place = { id: active.id };
  if ("selectionStart" in active) {
    try {
      place.selection = [active.selectionStart, active.selectionEnd];
    } catch {
      // numbers and dates have no selection
    }
  }
  return place;
}

// Print one part of a view by itself: a page of its own, with the view's own look.
function print(part, css, title) {
  const frame = document.createElement("iframe");
  frame.title = title;
  frame.style.cssText = "position:fixed;width:0;height:0;border:0";
  frame.srcdoc = `<!doctype html><html lang="${part.closest("[lang]")?.lang ?? "en"}" data-theme="light">
    <meta charset="utf-8"><title>${title}</title><style>${css} body{margin:0;background:none}</style>
    <body><div class="crmlab printed">${part.outerHTML}</div></body></html>`;
  frame.onload = () => {
    frame.contentWindow.onafterprint = () => frame.remove();
    frame.contentWindow.focus();
    frame.contentWindow.print();
  };
  document.body.append(frame);
}

// A dial that is held stays in the page, with the finger and the focus on it: what is drawn anew
// is what its template marks as parts around it. False if there is none, or if more has changed.
function redrawnAround(el, html) {
  const dial = el.querySelector("input[type=range]:is(:focus, :active)");
  const next = new DOMParser().parseFromString(html, "text/html");
  const parts = [...el.querySelectorAll("[data-part][id]")];
  const same = parts.length && parts.length === next.querySelectorAll("[data-part][id]").length;
  if (!dial || !same || !parts.every((part) => next.getElementById(part.id))) return false;
  for (const part of parts) {
    const now = next.getElementById(part.id).innerHTML;
    if (part.innerHTML !== now) part.innerHTML = now; // a screen reader speaks of every change
  }
  for (const turned of el.querySelectorAll("input[type=range][id]")) {
    const now = next.getElementById(turned.id)?.getAttribute("aria-valuetext");
    if (now) turned.setAttribute("aria-valuetext", now);
  }
  return true;
}

// What was said against an entry is over as soon as the entry is another one.
function unmark(entry) {
  const field = entry.closest(".field.bad");
  if (!field) return;
  field.classList.remove("bad");
  for (const told of field.querySelectorAll(".err")) {
    told.remove();
    const left = (entry.getAttribute("aria-describedby") ?? "").split(" ");
    entry.setAttribute("aria-describedby", left.filter((id) => id !== told.id).join(" "));
  }
  entry.removeAttribute("aria-invalid");
}

function render({ model, el }) {
  el.classList.add("crmlab");
  let waiting = false;
  let earlier; // what an earlier page in this tab has left, until the view has taken it up
  let later = ""; // the dial or the list that was moved on while the kernel was still at work
  let byKeys = false; // a list is looked through with keys, letter by letter
  let settled = 0; // what sends it once it has come to rest

  const answered = (turn) => {
    waiting = false;
    el.removeAttribute("aria-busy");
    el.dataset.turn = turn;
    const node = later && el.querySelector(`#${CSS.escape(later)}`);
    later = "";
    if (node) send(node);
  };

  const show = () => {
    const { html, focus, lang, turn, kept } = model.get("view");
    if (!focus && redrawnAround(el, html)) return answered(turn);
    const wanted = later && el.querySelector(`#${CSS.escape(later)}`)?.value;
    const place = placeOf(el);
    const open = [...el.querySelectorAll("details[open][id]")].map((node) => node.id);
    const scrolled = new Map(
      [...el.querySelectorAll("[data-keep-scroll][id]")].map((node) => [node.id, node.scrollLeft]),
    );
    el.innerHTML = html;
    el.lang = lang === "qps" ? "en" : lang;
    // JupyterLab looks for its shortcuts from the focused element upwards: one `x` on a button
    // would cut the cell that the desk stands in.
    for (const node of el.querySelectorAll("button, input, select, textarea, summary, [tabindex]"))
      node.dataset.lmSuppressShortcuts = "true";
    for (const id of open) el.querySelector(`#${CSS.escape(id)}`)?.setAttribute("open", "");
    for (const [id, left] of scrolled) {
      const node = el.querySelector(`#${CSS.escape(id)}`);
      if (node) node.scrollLeft = left;
    }
    for (const node of el.querySelectorAll("[data-in-sight]")) {
      const frame = node.closest("[data-keep-scroll]");
      const [a, b] = [node.getBoundingClientRect(), frame.getBoundingClientRect()];
      if (a.left < b.left || a.right > b.right) frame.scrollLeft += a.left - b.left - b.width / 3;
    }
    const dial = wanted && el.querySelector(`#${CSS.escape(later)}`);
    if (dial) dial.value = wanted;
    answered(turn);
    if (kept) {
      earlier = earlier === undefined ? keptBefore(kept) : null;
      if (earlier) tell("resume", { earlier: earlier.kept }, earlier.forms);
      else keep(kept, formsIn(el));
    }
    const goal = focus ? el.querySelector(`[data-focus="${CSS.escape(focus)}"]`) : null;
    const same = place?.id ? el.querySelector(`#${CSS.escape(place.id)}`) : null;
    const target = goal ?? same;
    if (target) {
      target.focus({ preventScroll: Boolean(!goal) });
      if (!goal && place?.selection && "setSelectionRange" in target) {
        try {
          target.setSelectionRange(...place.selection);
        } catch {
          // the field has become one without a selection
        }
      }
      if (goal) target.scrollIntoView({ block: "nearest" });
    } else if (place) {
      // What was in focus is gone; stay in the view rather than fall back to the page's top.
      el.querySelector("[data-home]")?.focus({ preventScroll: true });
    }
  };

  const tell = (action, args, forms) => {
    waiting = true;
    el.setAttribute("aria-busy", "true");
    model.send({ do: action, args, forms });
  };

  const send = (node) => {
    if (waiting) {
      if (node.type === "range" || node.tagName === "SELECT") later = node.id;
      return;
    }
    const { do: action, form: _f, focus: _o, deliberate: _d, lmSuppressShortcuts: _l, ...args } = node.dataset;
    tell(action, args, formsIn(el));
  };

  const typed = () => {
    const { kept } = model.get("view");
    if (kept && !earlier) keep(kept, formsIn(el));
  };

  const pressed = (event) => {
    const printer = event.target.closest("[data-print]");
    if (printer && el.contains(printer)) {
      print(el.querySelector(printer.dataset.print), model.get("_css"), printer.textContent);
      return;
    }
    const node = event.target.closest("[data-do]");
    if (!node || !el.contains(node) || node.tagName === "FORM" || node.disabled) return;
    if (node.tagName === "SELECT" || node.type === "range") return;
    event.preventDefault();
    send(node);
  };
  const submitted = (event) => {
    event.preventDefault();
    if (event.target.dataset.do) send(event.target);
  };
  const chosen = (event) => {
    const list = event.target;
    clearTimeout(settled);
    settled = 0;
    if (!list.matches("select[data-do]")) unmark(list);
    // A view that is drawn anew between two keys would begin the browser's search anew.
    else if (byKeys) rest(list);
    else send(list);
    typed();
  };
  const rest = (list) => {
    clearTimeout(settled);
    settled = setTimeout(left, AT_REST, { target: list });
  };
  const left = ({ target }) => {
    if (!settled || !target.matches("select[data-do]")) return;
    clearTimeout(settled);
    settled = 0;
    send(target);
  };
  const pointed = () => {
    byKeys = false;
  };
  const turned = (event) => {
    if (event.target.matches("input[type=range][data-do]")) send(event.target);
    else unmark(event.target);
    typed();
  };

  // A notebook listens for keys too, and takes Enter for its own.
  const ours = (event) => {
    event.stopPropagation();
    byKeys = true;
    if (settled && event.target.matches("select[data-do]")) rest(event.target);
    // Handing over is a step of its own: Enter in a line of such a form does not do it.
    if (event.key === "Enter" && event.target.matches("form[data-deliberate] input"))
      event.preventDefault();
  };

  el.addEventListener("keydown", ours);
  el.addEventListener("click", pressed);
  el.addEventListener("submit", submitted);
  el.addEventListener("pointerdown", pointed);
  el.addEventListener("change", chosen);
  el.addEventListener("focusout", left);
  el.addEventListener("input", turned);
  model.on("change:view", show);
  show();
  return () => {
    model.off("change:view", show);
    el.removeEventListener("keydown", ours);
    el.removeEventListener("click", pressed);
    el.removeEventListener("submit", submitted);
    clearTimeout(settled);
    el.removeEventListener("pointerdown", pointed);
    el.removeEventListener("change", chosen);
    el.removeEventListener("focusout", left);
    el.removeEventListener("input", turned);
  };
}

export default { render };
