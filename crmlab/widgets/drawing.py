"""Templates: how the views turn data into HTML, with every value escaped and every word ours."""

from __future__ import annotations

import re
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from babel.dates import format_datetime
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from crmlab.calendar import HOURS_PER_DAY, STANDARD
from crmlab.text import gettext, manner, ngettext

CODE = re.compile(r"(\b[A-Z]{1,3}-\d+(?:-\d+)*\b)")
TEMPLATES = Path(__file__).parent / "templates"


@cache
def environment() -> Environment:
    """The templates, with the filters that all of them share."""
    env = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    env.globals.update(_=gettext, ngettext=ngettext, put=put)
    env.filters.update(
        codes=codes,
        data=data,
        hours=hours,
        money=money,
        percent=percent,
        moment=moment,
        days=days,
        within=within,
        worktime=worktime,
    )
    return env


def draw(template: str, **context: Any) -> str:
    """A template as HTML."""
    return environment().get_template(template).render(**context)


def put(sentence: str, **values: Any) -> Markup:
    """A translated sentence with values in it, each escaped unless it is markup already."""
    return Markup(escape(sentence)).format(**values)


def data(value: Any) -> Markup:
    """A value from the records or from the trainee: shown as it is, in no language."""
    return Markup('<span translate="no">{}</span>').format(value)


def codes(text: str) -> Markup:
    """A text in which numbers such as LP-40 or SO-20871-2 are not broken at the end of a line."""
    parts = CODE.split(str(text))
    kept = [Markup('<span class="code">{}</span>').format(part) for part in parts[1::2]]
    plain = [escape(part) for part in parts[::2]]
    return Markup("").join(a + b for a, b in zip(plain, [*kept, Markup("")], strict=True))


def hours(value: float) -> str:
    """Working hours, as precise as anybody needs: `0.5 h`, `12 h`."""
    return gettext("{n} h").format(n=short(value))


def days(value: float) -> str:
    """Working days."""
    one = 1 if short(value) == "1" else 2
    return ngettext("{n} working day", "{n} working days", one).format(n=short(value))


def worktime(value: float) -> str:
    """A stretch of working time: in hours up to a day, and from then on in days."""
    if value >= HOURS_PER_DAY:
        return days(value / HOURS_PER_DAY)
    one = 1 if short(value) == "1" else 2
    return ngettext("{n} working hour", "{n} working hours", one).format(n=short(value))


def within(value: float) -> str:
    """A deadline in working hours, in the words an office has for it."""
    if value < HOURS_PER_DAY:
        return gettext("within {hours}").format(hours=hours(value))
    return gettext("within {days}").format(days=days(value / HOURS_PER_DAY))


def money(value: float) -> Markup:
    """CNY without the fen, thousands separated."""
    return data(f"¥{value:,.0f}")


def percent(value: float) -> Markup:
    """A chance, in whole per cents."""
    return data(f"{value:.0%}".replace("%", " %"))


def moment(value: datetime, form: str = "EEE d MMM, HH:mm") -> Markup:
    """A moment in local time, in the manner of the language in force."""
    local = STANDARD.local(value)
    return data(format_datetime(local, form, locale=manner(), tzinfo=STANDARD.tz))


def until(hours_left: float) -> str:
    """How long until something is due, or since it was, in words."""
    if hours_left < 0:
        late = -hours_left
        if late >= HOURS_PER_DAY:
            n = round(late / HOURS_PER_DAY)
            return ngettext("{n} day late", "{n} days late", n).format(n=n)
        n = max(1, round(late))
        return ngettext("{n} hour late", "{n} hours late", n).format(n=n)
    if hours_left == 0:
        return gettext("due now")
    if hours_left < HOURS_PER_DAY:
        n = max(1, round(hours_left))
        return ngettext("due in {n} hour", "due in {n} hours", n).format(n=n)
    n = round(hours_left / HOURS_PER_DAY)
    return ngettext("due in {n} day", "due in {n} days", n).format(n=n)


def urgency(hours_left: float) -> str:
    """The state that `until` tells, as a style: late, soon or calm."""
    return "late" if hours_left < 0 else "soon" if hours_left < HOURS_PER_DAY / 2 else "calm"


def short(value: float) -> str:
    """One place behind the point where there is something behind it: 6, 14.5."""
    return f"{value:,.1f}".removesuffix(".0")
