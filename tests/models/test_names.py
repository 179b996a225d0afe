"""Names as whole numbers, however they are written and however the file lies in memory."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from crmlab.models import names as module
from crmlab.models.names import coded, numbered, placed


@pytest.mark.parametrize(
    "names",
    [
        ["L-0003", "L-0001", "L-0003", "L-0009"],
        ["7", "12", "7", "8"],
        ["OPP-2025-001", "OPP-2026-001", "OPP-2025-001", "OPP-2025-002"],
        ["ä1", "ä2", "ä1", "ä3"],
        ["same", "same", "same", "same"],
        ["L-1", "L-1", "L-1", "L-1"],
        ["12345678901234567890", "12345678901234567891", "12345678901234567890", "1"],
        [3, 1, 3, 9],
        [3, 10**15, 3, 7],
    ],
)
@pytest.mark.parametrize("piece", [2, 3, module.PIECE])
def test_every_name_has_a_number_of_its_own(
    names: list[Any], piece: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "PIECE", piece)
    column = pd.Series(names, dtype="string[pyarrow]" if isinstance(names[0], str) else "int64")
    for rows in (column, column.astype(object), pd.concat([column[:1], column[1:]])):
        numbers, below = numbered(rows)
        assert (numbers >= 0).all()
        assert (numbers < below).all()
        same = np.array(names)[:, None] == np.array(names)[None, :]
        assert ((numbers[:, None] == numbers[None, :]) == same).all()
        places, different = placed(rows)
        assert list(different) == list(dict.fromkeys(names))
        assert list(different[places]) == names
        codes, texts = coded(rows.astype("string[pyarrow]"))
        assert [texts[code] for code in codes] == [str(name) for name in names]
