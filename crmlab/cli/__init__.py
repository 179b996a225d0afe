"""The one command. Every sub-command fails with one clear line and a non-zero exit code."""

from __future__ import annotations

import sys
from io import TextIOWrapper

from crmlab.cli import (  # noqa: F401  (they bring their commands)
    analyse,
    audit,
    company,
    files,
    intake,
    practising,
)
from crmlab.cli.app import app
from crmlab.errors import CrmlabError
from crmlab.text import gettext as _


def main() -> None:
    """Run the command; what goes wrong is one sentence on stderr."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):  # Windows would take its own code page for a pipe
            stream.reconfigure(encoding="utf-8", errors="replace")
    try:
        app()
    except CrmlabError as fault:
        print(fault, file=sys.stderr)
        raise SystemExit(1) from None
    except BrokenPipeError:
        raise SystemExit(1) from None
    except OSError as fault:
        where = f" ({fault.filename})" if fault.filename else ""
        print(
            _("The disk could not be used: {reason}{where}; make room or allow writing.").format(
                reason=fault.strerror or fault, where=where
            ),
            file=sys.stderr,
        )
        raise SystemExit(1) from None
