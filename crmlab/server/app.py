"""`crmlab start`: one server on this machine alone, with the shelf of lessons as its door."""

from __future__ import annotations

import logging
import os
import secrets
import signal
import socket
import sys
import threading
import webbrowser
from pathlib import Path
from types import FrameType
from typing import Any, TextIO

from rich.console import Console

from crmlab import places, text
from crmlab.errors import CrmlabError, PlaceError
from crmlab.server import config
from crmlab.text import gettext as _

DEFAULT_PORT = 8899
PORTS_TRIED = 20

log_stream: TextIO = sys.stderr
"""Where the servers' loggers write; `config.settings` names it."""


class PortError(CrmlabError):
    """No port to serve on."""


def serve(
    port: int | None = None,
    open_browser: bool = True,
    language: str | None = None,
    *,
    root: Path | None = None,
) -> None:
    """Serve the lessons until stopped.

    Args:
        port: the port somebody asked for, which is then the only one tried; without one, the
            first free port from `DEFAULT_PORT` on.
        open_browser: whether to open the shelf in the default browser.
        language: the code of the language to speak, here and in the lessons.
        root: the folder of lessons, when it is not the one crmlab came with.

    Raises:
        CrmlabError: nothing can be served: the port, the lessons or the learner's folder.
    """
    language = language or os.environ.get("CRMLAB_LANG") or text.SOURCE
    os.environ["CRMLAB_LANG"] = text.use_language(language)  # for the kernels
    lessons = (root or places.NOTEBOOKS).resolve()
    if not lessons.is_dir():
        raise PlaceError(
            _(
                "There are no lessons at {path}; start crmlab from the folder it was downloaded "
                "to, with notebooks beside crmlab."
            ).format(path=lessons)
        )
    chosen = free_port(port)
    home = places.home()
    try:
        config.isolate(home)
        log_file = _open_log(home)
    except OSError as error:
        raise places.unwritable(home, error) from error
    _run(lessons, chosen, open_browser, log_file)


def free_port(wanted: int | None) -> int:
    """The port to serve on.

    Raises:
        PortError: the wanted one is taken or not allowed, or no port near the default is free.
    """
    if wanted is not None:
        problem = _problem(wanted)
        if problem is None:
            return wanted
        raise PortError(
            _(
                "Port {port} cannot be used ({problem}); close what uses it, choose another with "
                "--port, or leave --port away to have a free one found."
            ).format(port=wanted, problem=problem)
        )
    for port in range(DEFAULT_PORT, DEFAULT_PORT + PORTS_TRIED):
        if _problem(port) is None:
            return port
    raise PortError(
        _("None of the ports {first} to {last} is free; choose one with --port.").format(
            first=DEFAULT_PORT, last=DEFAULT_PORT + PORTS_TRIED - 1
        )
    )


def _problem(port: int) -> str | None:
    """Why this port cannot be served on, or None."""
    if not 0 < port < 65536:
        return _("ports go from 1 to 65535")
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        if sys.platform != "win32":
            # There, a port just left by another server counts as free, as it does for Jupyter.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        else:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except PermissionError:
            return _("this system does not allow it")
        except OSError:
            return _("another program uses it")
    return None


def _run(lessons: Path, port: int, open_browser: bool, log_file: Path) -> None:
    # Jupyter takes a second to import, and refusing a port should not.
    from jupyter_server.serverapp import ServerApp

    class Server(ServerApp):
        def _handle_sigint(self, sig: int, frame: FrameType | None) -> None:
            # Jupyter asks back before it stops; here Ctrl+C means stop.
            signal.signal(signal.SIGINT, signal.SIG_DFL)  # and a second one means at once
            self.stop(from_signal=True)

        _signal_stop = _handle_sigint

    page = f"/voila/render/{config.SHELF}"
    key = secrets.token_hex(24)
    wanted = config.settings(lessons, port, page, key)
    server: Any = Server.instance(config=wanted)
    server.no_browser_open_file = True  # it would hold the token, for whoever can read the folder
    server.initialize(argv=[], find_extensions=False)
    own = server.web_app.settings
    config.speak(
        [own["jinja2_env"], own["voila_jinja2_env"]],
        wanted.VoilaConfiguration.resources["crmlab"],
    )
    url = f"http://127.0.0.1:{port}{page}?token={key}"

    def announce() -> None:
        console = Console(soft_wrap=True, highlight=False)
        console.print(_("crmlab is ready. Open {url}").format(url=url), markup=False)
        console.print(
            _("Press Ctrl+C to stop. Trouble is written to {path}").format(path=log_file),
            style="dim",
            markup=False,
        )
        if open_browser:
            # Some systems wait for the browser to close before they return.
            threading.Thread(target=webbrowser.open, args=(url,), daemon=True).start()

    server.io_loop.add_callback(announce)
    try:
        server.start()
    finally:
        logging.shutdown()


def _open_log(home: Path) -> Path:
    """Send what Jupyter has to say to a file: on the screen stands only what a reader can use."""
    global log_stream
    path = home / "server.log"
    log_stream = path.open("w", encoding="utf-8", buffering=1)
    logging.captureWarnings(True)
    logging.basicConfig(stream=log_stream, level=logging.WARNING)
    return path
