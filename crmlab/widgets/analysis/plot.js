// A figure on the page (see plot.py): built once, and then only changed.

// plotly is the same for all figures of a page: the first one asks the kernel for it.
function library(model) {
  globalThis.crmlabPlotly ??= new Promise((done, failed) => {
    const given = async (message, buffers) => {
      if (!message.library) return;
      model.off("msg:custom", given);
      const address = URL.createObjectURL(new Blob(buffers, { type: "text/javascript" }));
      try {
        await import(address);
        done(globalThis.Plotly);
      } catch (fault) {
        failed(fault);
      } finally {
        URL.revokeObjectURL(address);
      }
    };
    model.on("msg:custom", given);
    model.send({ ask: "library" });
  });
  return globalThis.crmlabPlotly;
}

// One turns dials here and presses points; dragging and zooming would only get in the way.
const HANDLING = { displayModeBar: false, responsive: false, scrollZoom: false };

// On a page with larger letters, as in front of a room, what is drawn is larger by as much.
const LETTERS = 16;
const LENGTHS = new Set(["size", "height", "l", "r", "t", "b"]);

const lettersHere = () =>
  parseFloat(getComputedStyle(document.documentElement).fontSize) / LETTERS;

function larger(value, by, name) {
  if (typeof value === "number") return LENGTHS.has(name) ? value * by : value;
  if (Array.isArray(value) || value === null || typeof value !== "object") return value;
  return Object.fromEntries(Object.entries(value).map(([n, v]) => [n, larger(v, by, n)]));
}

function render({ model, el }) {
  // What is laid out around `el` takes a height off it again, so a div within keeps the room.
  const room = document.createElement("div");
  const drawn = document.createElement("div");
  el.classList.add("crmlab-plot");
  room.append(drawn);
  el.append(room);
  let plotly = null;
  let width = 0;
  let by = 1;

  const show = async () => {
    const { title, data, layout } = JSON.parse(model.get("figure"));
    drawn.setAttribute("role", "img");
    drawn.setAttribute("aria-label", title);
    room.style.height = `${layout.height / LETTERS}rem`;
    plotly ??= await library(model);
    width = el.clientWidth;
    by = lettersHere();
    const traces = by === 1 ? data : data.map((trace) => larger(trace, by));
    await plotly.react(drawn, traces, larger(layout, by), HANDLING);
  };
  // Its height is its own: only another width, or another size of letters, asks for it to be drawn
  // again.
  const fits = new ResizeObserver(() => {
    if (!plotly || !drawn.offsetParent) return;
    if (lettersHere() !== by) return void show();
    if (el.clientWidth === width) return;
    width = el.clientWidth;
    plotly.Plots.resize(drawn);
  });

  show().then(() => {
    fits.observe(el);
    drawn.on("plotly_click", ({ points: [point] }) => {
      if (point?.customdata) model.send({ behind: String(point.customdata) });
    });
  });
  model.on("change:figure", show);
  return () => {
    model.off("change:figure", show);
    fits.disconnect();
    plotly?.purge(drawn);
  };
}

export default { render };
