"""Every text passes through one place, and a text that does not is found."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from crmlab import text

PAGE = """\
# A complaint
and what it costs

A first paragraph that is
wrapped, with a [link](10.ipynb).

- one point
  that is wrapped
- another point
    1. below it

> Said by somebody

| Seat | Hours |
|------|------:|
| Agent | a \\| b |

---

```python
desk = 1

print("not a text")
```

<div class="note">
Markup stays.
</div>

The end.
"""


@pytest.fixture(autouse=True)
def english() -> Iterator[None]:
    text.use_language("en")
    yield
    text.use_language("en")


def test_english_is_the_source() -> None:
    assert text.gettext("Hand over") == "Hand over"
    assert text.translate_markdown(PAGE) is PAGE
    assert text.languages()[0] == "en"


def test_line_breaks_in_a_text_mean_a_space() -> None:
    assert text.gettext("Hand\n   over ") == "Hand over"
    assert text.gettext("  \n") == ""


@pytest.mark.parametrize("code", ["xx", "xx-YY", "", None, "../en"])
def test_an_unknown_language_falls_back_to_english(code: str | None) -> None:
    assert text.use_language(code) == "en"
    assert text.language() == "en"
    assert text.gettext("Hand over") == "Hand over"


def test_the_pseudo_language_brackets_every_text() -> None:
    assert text.use_language("qps") == "qps"
    assert text.gettext("Hand over") == text.bracket("Hand over") != "Hand over"
    assert text.ngettext("{n} case", "{n} cases", 1) == text.bracket("{n} case")
    assert text.ngettext("{n} case", "{n} cases", 2) == text.bracket("{n} cases")
    assert text.gettext("") == ""


def test_markdown_is_bracketed_block_by_block_and_its_marks_stay() -> None:
    text.use_language("qps")
    b = text.bracket
    assert (
        text.translate_markdown(PAGE)
        == f"""\
# {b("A complaint")}
{b("and what it costs")}

{b("A first paragraph that is wrapped, with a [link](10.ipynb).")}

- {b("one point that is wrapped")}
- {b("another point")}
    1. {b("below it")}

> {b("Said by somebody")}

| {b("Seat")} | {b("Hours")} |
|------|------:|
| {b("Agent")} | {b(chr(97) + " " + chr(92) + "| b")} |

---

```python
desk = 1

print("not a text")
```

<div class="note">
Markup stays.
</div>

{b("The end.")}
"""
    )


def test_the_texts_to_translate_are_those_that_are_looked_up() -> None:
    text.use_language("qps")
    translated = text.translate_markdown(PAGE)
    texts = text.markdown_texts(PAGE)
    assert "A complaint" in texts
    assert len(texts) == translated.count(text.bracket("")[0])
    assert all(text.bracket(item) in translated for item in texts)


def test_a_fence_of_other_marks_does_not_close_it() -> None:
    text.use_language("qps")
    code = "~~~~\n```\na text?\n```\n\n~~~\nstill code\n~~~~"
    assert text.translate_markdown(code) == code
