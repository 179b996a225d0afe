"""Lessons as notebook files: run them, and keep only what should stay in them.

What stays: the sources, and the outputs of cells tagged `nbval-check-output`, which are text and
are compared by the tests. Everything else that running leaves behind (drawings, widget state,
counters) would go stale, and widget state alone weighs megabytes.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

from crmlab.errors import LessonError
from crmlab.text import gettext as _

KEPT = "nbval-check-output"
LONGEST_SECONDS = 120


def keep(path: Path) -> int:
    """Run a lesson and leave just what should stay in its file; returns how many outputs do.

    Raises:
        LessonError: it is not a notebook, a cell fails, or a cell whose output is to be kept has
            none; the file is left as it was.
    """
    try:
        notebook: Any = nbformat.read(path, as_version=4)
    except FileNotFoundError:
        raise LessonError(_("There is no lesson {path}.").format(path=path)) from None
    except (ValueError, nbformat.reader.NotJSONError):
        raise LessonError(_("{path} is not a notebook.").format(path=path)) from None
    client = NotebookClient(
        notebook,
        timeout=LONGEST_SECONDS,
        kernel_name="python3",
        resources={"metadata": {"path": str(path.resolve().parent)}},
        store_widget_state=False,
    )
    try:
        client.execute()
    except CellExecutionError as fault:
        raise LessonError(
            _("{path}: a cell stops with {name}: {value}").format(
                path=path.name, name=fault.ename, value=fault.evalue
            )
        ) from None
    except (CellTimeoutError, DeadKernelError):
        raise LessonError(
            _("{path}: a cell takes longer than {n} seconds, or its kernel died.").format(
                path=path.name, n=LONGEST_SECONDS
            )
        ) from None
    kept = strip(notebook)
    bare = [c["id"] for c in notebook.cells if KEPT in tags(c) and not c["outputs"]]
    if bare:
        raise LessonError(
            _("{path}: the cell '{cell}' is to keep its output, but has none.").format(
                path=path.name, cell=bare[0]
            )
        )
    nbformat.write(notebook, path)
    return kept


def strip(notebook: Any) -> int:
    """Take away what should not stay in a notebook; returns how many cells keep their output."""
    kept = 0
    notebook.metadata.pop("widgets", None)
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)
        if cell.cell_type != "code":
            continue
        if KEPT in tags(cell):
            kept += 1
            # Only a cell that has been run is compared; which number it had says nothing.
            cell["execution_count"] = kept
            for output in cell["outputs"]:
                if "execution_count" in output:
                    output["execution_count"] = kept
        else:
            cell["execution_count"], cell["outputs"] = None, []
    return kept


def tags(cell: Any) -> list[str]:
    """The tags of a cell."""
    return list(cell.metadata.get("tags", []))
