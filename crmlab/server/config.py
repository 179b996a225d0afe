"""How Jupyter, Voila and JupyterLab are set up for lessons, apart from the user's own Jupyter.

A class room's machines carry years of other people's Jupyter settings and extensions. None of
them is read here: what a lesson needs is switched on by name, in folders of our own.
"""

from __future__ import annotations

import json
import logging
import os
from pathlib import Path
from typing import Any

from traitlets.config import Config

from crmlab import places, text

SHELF = "00_start_here.ipynb"
TEMPLATES = Path(__file__).parent / "jupyter"
PAGES = TEMPLATES / "voila" / "templates" / "crmlab"
EXTENSIONS = {"jupyterlab": True, "voila": True}

# A page closed properly stops its kernel itself; this is for closed lids and lost networks.
IDLE_KERNEL_SECONDS = 30 * 60


def isolate(home: Path) -> None:
    """Point Jupyter and IPython, here and in every kernel, at folders of our own."""
    own = home / "jupyter"
    for name in ("JUPYTER_CONFIG_PATH", "JUPYTER_CONFIG_DIR", "PYTHONSTARTUP"):
        os.environ.pop(name, None)
    os.environ["JUPYTER_NO_CONFIG"] = "1"
    os.environ["JUPYTER_DATA_DIR"] = str(own)
    os.environ["JUPYTER_RUNTIME_DIR"] = str(own / "runtime")
    os.environ["JUPYTER_PATH"] = str(TEMPLATES)
    os.environ["JUPYTER_PLATFORM_DIRS"] = "1"
    os.environ["JUPYTERLAB_SETTINGS_DIR"] = str(own / "settings")
    os.environ["JUPYTERLAB_WORKSPACES_DIR"] = str(own / "workspaces")
    os.environ["IPYTHONDIR"] = str(home / "ipython")
    profile = home / "ipython" / "profile_default"
    profile.mkdir(parents=True, exist_ok=True)
    # Kernels write to the screen crmlab was started on; only their errors belong there.
    quiet = {"IPKernelApp": {"log_level": logging.ERROR}}
    (profile / "ipython_kernel_config.json").write_text(json.dumps(quiet), encoding="utf-8")


def page_resources() -> dict[str, Any]:
    """What the Voila template needs: its texts' translator, its styles and its scripts."""
    tokens = places.PACKAGE / "widgets" / "look" / "tokens.css"
    language = text.language()
    return {
        "_": text.gettext,
        "lang": "en-x-pseudo" if language == text.PSEUDO else language.replace("_", "-"),
        "shelf": SHELF,
        "css": tokens.read_text("utf-8") + (PAGES / "page.css").read_text("utf-8"),
        "theme_js": (PAGES / "theme.js").read_text("utf-8"),
        "page_js": (PAGES / "page.js").read_text("utf-8"),
    }


def without_outside(page_config: dict[str, Any], base_url: str, **_rest: Any) -> dict[str, Any]:
    """Take the addresses of content networks out of a page's settings."""
    page_config["fullMathjaxUrl"] = f"{base_url}voila/templates/crmlab/static/no-math.js"
    return page_config


def let_the_page_leave(handler: Any, **_rest: Any) -> None:
    """Give the page the cookie without which it may not stop its kernel when it is closed."""
    handler.xsrf_token  # noqa: B018  reading it is what sets the cookie


def without_news(_handler: Any, page_config: dict[str, Any]) -> dict[str, Any]:
    """Keep JupyterLab from asking a trainee whether it may fetch its news."""
    page_config.setdefault("disabledExtensions", []).append(
        "@jupyterlab/apputils-extension:announcements"
    )
    return page_config


def speak(environments: list[Any], resources: dict[str, Any]) -> None:
    """Give the pages that are not lessons, in Jupyter's own environments, our texts and styles."""
    for environment in environments:
        environment.install_gettext_callables(text.gettext, text.ngettext, newstyle=False)
        environment.globals.update(_=text.gettext, crmlab=resources)


def settings(root: Path, port: int, home_page: str, key: str) -> Config:
    """The settings of the one server; the key is what a browser has to show."""
    config = Config()
    server = config.ServerApp
    server.ip = "127.0.0.1"
    server.port = port
    server.port_retries = 0
    server.root_dir = str(root)
    server.default_url = home_page
    server.open_browser = False
    server.extra_template_paths = [str(PAGES)]
    server.tornado_settings = {"page_config_hook": without_news}
    config.IdentityProvider.token = key
    server.jpserver_extensions = dict(EXTENSIONS)
    server.allow_root = True  # a container's only user; the server answers this machine alone
    server.terminals_enabled = False
    server.quit_button = False
    config.Application.log_level = logging.WARNING
    config.Application.logging_config = {
        "handlers": {
            "console": {"stream": "ext://crmlab.server.app.log_stream", "formatter": "file"}
        },
        "formatters": {"file": {"format": "%(asctime)s %(name)s %(levelname)s %(message)s"}},
    }
    config.MappingKernelManager.cull_idle_timeout = IDLE_KERNEL_SECONDS
    config.MappingKernelManager.cull_interval = 60
    config.KernelSpecManager.allowed_kernelspecs = {"python3"}

    # JupyterLab would otherwise look for news, updates and extensions outside.
    config.LabApp.news_url = None
    config.LabApp.check_for_updates_class = "jupyterlab.NeverCheckForUpdate"
    config.LabApp.extension_manager = "readonly"

    voila = config.VoilaConfiguration
    voila.template = "crmlab"
    voila.allow_template_override = "NO"
    voila.allow_theme_override = "NO"
    voila.show_tracebacks = False
    # Live figures bring their plotly along through anywidget; the plotly extension would send
    # the same 5 MB a second time, to pages without a figure too.
    voila.extension_allowlist = [
        "@jupyter-widgets/jupyterlab-manager",
        "@voila-dashboards/widgets-manager8",
        "anywidget",
    ]
    voila.prelaunch_hook = let_the_page_leave
    voila.page_config_hook = without_outside
    voila.resources = {"crmlab": page_resources()}
    config.TemplateExporter.filters = {"translate_markdown": text.translate_markdown}
    return config
