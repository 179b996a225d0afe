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

function render({ model, el }) {
  // What is laid out around `el` takes a height off it again, so a div within keeps the room.
  const room = document.createElement("div");
  const drawn = document.createElement("div");
  el.classList.add("crmlab-plot");
  room.append(drawn);
  el.append(room);
  let plotly = null;
  let width = 0;

  const show = async () => {
    const { title, data, layout } = JSON.parse(model.get("figure"));
    drawn.setAttribute("role", "img");
    drawn.setAttribute("aria-label", title);
    room.style.height = `${layout.height}px`;
    plotly ??= await library(model);
    width = el.clientWidth;
    await plotly.react(drawn, data, layout, HANDLING);
  };
  // Its height is its own: only another width asks for it to be drawn again.
  const fits = new ResizeObserver(() => {
    if (!plotly || !drawn.offsetParent || el.clientWidth === width) return;
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
