"""Using a drawn view without a browser: what can be pressed, what its forms hold, what it says."""

from __future__ import annotations

from typing import Any

from bs4 import BeautifulSoup, Tag

Forms = dict[str, dict[str, Any]]
"""What stands in a view's forms: by form, by field."""

_BLOCKS = ("p", "li", "h1", "h2", "h3", "h4", "div", "tr", "dt", "dd", "button", "label", "summary")
_UNREAD = ("svg", "style", "option", "datalist", "script")


def pressed(
    page: str, action: str, form: dict[str, Any] | None, args: dict[str, Any]
) -> tuple[dict[str, Any], Forms]:
    """The arguments and the forms that pressing this sends, as `live.js` would send them.

    Raises:
        LookupError: no such thing is drawn, or it is disabled, or it has no such field.
    """
    soup = BeautifulSoup(page, "html.parser")
    doers = soup.select("[data-do]")
    found = [
        node
        for node in doers
        if node["data-do"] == action
        and all(node.get(f"data-{name}") == str(value) for name, value in args.items())
    ]
    if not found:
        drawn = sorted({str(node["data-do"]) for node in doers})
        raise LookupError(f"nothing here does '{action}' {args or ''}; there are: {drawn}")
    node = found[0]
    if node.has_attr("disabled"):
        raise LookupError(f"'{action}' cannot be pressed now")
    forms = {str(each["data-form"]): _values(each) for each in soup.select("form[data-form]")}
    if form is not None:
        around = node if node.name == "form" else node.find_parent("form")
        name = str(around["data-form"]) if around else next(iter(forms), "")
        unknown = set(form) - set(forms.get(name, {}))
        if unknown:
            raise LookupError(f"the form has no field {sorted(unknown)}")
        forms[name].update(form)
    given = {
        name.removeprefix("data-"): str(value)
        for name, value in node.attrs.items()
        if name.startswith("data-")
        and name not in ("data-do", "data-form", "data-focus", "data-deliberate")
    }
    return given, forms


def readable(page: str) -> str:
    """A page as plain text, a line for each block."""
    soup = BeautifulSoup(page, "html.parser")
    for hidden in soup.select(",".join(_UNREAD)):
        hidden.decompose()
    for node in soup.find_all(_BLOCKS):
        node.append("\n")
    for node in soup.find_all(("td", "th", "span", "b", "strong")):
        node.append(" ")
    lines = (" ".join(line.split()) for line in soup.get_text().splitlines())
    return "\n".join(line for line in lines if line)


def _values(form: Tag) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for node in form.select("input[name], textarea[name], select[name]"):
        name = str(node["name"])
        if node.name == "select":
            chosen = node.select_one("option[selected]")
            values[name] = str(chosen["value"]) if chosen else ""
        elif node.name == "textarea":
            values[name] = node.get_text()
        elif node.get("type") == "radio":
            values.setdefault(name, "")
            if node.has_attr("checked"):
                values[name] = str(node["value"])
        else:
            values[name] = str(node.get("value", ""))
    return values
