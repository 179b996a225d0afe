"""What is nearly the same as something that is there, and what only looks so."""

from __future__ import annotations

import pytest
from sqlalchemy.orm import Session

from crmlab.crm import tables
from crmlab.crm.base.duplicates import CUTOFF, likeness, near
from tests.crm.own_rows import (
    CUSTOMER,
    OTHER_CUSTOMER,
    PRODUCT,
    customer,
    insert,
)

THE_SAME = [
    ("Qiaotou Textiles Co., Ltd.", "Qiaotou Textile"),
    ("QIAOTOU TEXTILE", "Qiaotou Textile"),
    ("Qiao Tou Textile", "Qiaotou Textile"),
    ("Ｑｉａｏｔｏｕ　Ｔｅｘｔｉｌｅ", "Qiaotou Textile"),
    ("Textile Qiaotou", "Qiaotou Textile"),
    ("Qiaotou-Textile (Co.,Ltd)", "Qiaotou Textile"),
    ("Qioatou Textile", "Qiaotou Textile"),
    ("Haiyun Waterworks", "Haiyun Water Works"),
    ("Haiyun Water", "Haiyun Water Works"),
    ("Huaxin Brewery", "Huaxing Brewery"),
    ("Huaxing Brewing Co.", "Huaxing Brewery"),
    ("Shanhe Dyeing Works", "Shanhe Dyeworks"),
    ("Dongshan Cooling Systems", "Dongshan Cooling"),
    ("Dongshan Cooling Group Holdings", "Dongshan Cooling"),
    ("Nordhav Shipping A.S.", "Nordhav Shipping"),
    ("Nordhav Shipping ASA", "Nordhav Shipping AS"),
    ("Alpenquell Bottling GmbH & Co. KG", "Alpenquell Bottling"),
    ("Fjellvänn Utilities", "Fjellvann Utilities"),
    ("青石化工有限公司", "青石化工"),
    ("南通青石化工股份有限公司", "青石化工"),
    ("青石化工（南通）有限公司", "青石化工"),
    ("远帆船务集团", "远帆船务"),
    ("Circulation pump LP 40", "Circulation pump LP-40"),
    ("circulating pump LP40", "Circulation pump LP-40"),
    ("Circulation pump", "Circulation pump LP-40"),
    ("No. 2 Heating Plant", "Heating Plant No.2"),
]

ANOTHER = [
    ("Dongshan Cooling", "Dongshan Foods"),
    ("Jinhe Paper", "Shanhe Paper"),
    ("Shanhe Dyeworks", "Shanhe Paper"),
    ("Songtao Foods", "Songjiang Food Machinery"),
    ("Yunling Ceramics", "Yufeng Fertilizer"),
    ("Blue Lagoon Hotels", "Blue Mountain Hotels"),
    ("Ruian Hospital Service", "Ruian Hotel Service"),
    ("Hexi District Heating", "Hedong District Heating"),
    ("青石化工", "青山化工"),
    ("东山冷却厂", "东山冷冻厂"),
    ("青石化工有限公司", "远帆船务有限公司"),
    ("东山一厂", "东山二厂"),
    ("北湾", "北湾酿造厂"),
    ("Ltd", "Co."),
    ("Circulation pump LP-40", "Circulation pump LP-65"),
    ("Circulation pump LP-40", "Circulation pump LP-04"),
    ("Circulation pump LP-40", "Circulation pump 65"),
    ("Gate valve GV-80", "Globe valve GB-50"),
    ("No. 1 Heating Plant", "No. 2 Heating Plant"),
    ("Art", "Art Deco Lamps"),
]


@pytest.mark.parametrize(("one", "other"), THE_SAME)
def test_the_same_under_another_spelling_is_near_from_both_sides(one: str, other: str) -> None:
    assert likeness(one, other) >= CUTOFF
    assert likeness(other, one) >= CUTOFF


@pytest.mark.parametrize(("one", "other"), ANOTHER)
def test_what_only_shares_a_place_or_a_trade_is_not_near(one: str, other: str) -> None:
    assert likeness(one, other) < CUTOFF
    assert likeness(other, one) < CUTOFF


def test_what_is_near_comes_with_its_key_and_what_tells_it_apart(crm: Session) -> None:
    (found,) = near(crm, "customer", "name", "Kaolin Tile Co., Ltd.")
    assert (found.key, found.label) == (CUSTOMER, "Kaolin Tiles, Jingdezhen")
    assert CUTOFF <= found.score < 100


def test_the_nearest_come_first_and_no_more_than_asked_for(crm: Session) -> None:
    names = ["Wuyi Teahouse", "Wuyi Tea Houses", "Wuyi Tea House Export", "Wuyi Tea House 武夷"]
    insert(crm, *(customer(f"CU-91{n}", name=name) for n, name in enumerate(names)))
    found = near(crm, "customer", "name", "Wuyi Tea House")
    assert [item.key for item in found][:2] == [OTHER_CUSTOMER, "CU-910"]
    assert len(found) == 3
    assert [item.score for item in found] == sorted([i.score for i in found], reverse=True)
    assert len(near(crm, "customer", "name", "Wuyi Tea House", limit=9)) == 5


def test_a_higher_cutoff_offers_less(crm: Session) -> None:
    assert near(crm, "customer", "name", "Kaolin Tile", cutoff=99) == []


@pytest.mark.parametrize("text", ["", "   ", "...", "&", "Nobody Knows Them"])
def test_nothing_is_near_to_nothing(crm: Session, text: str) -> None:
    assert near(crm, "customer", "name", text) == []


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("TP-10", True),
        ("tp 10", True),
        ("ＴＰ－１０", True),
        ("TP-01", True),
        ("TP-101", True),
        ("TP-20", False),
        ("TP-11", False),
        ("XP-10", False),
        ("T10", False),
        ("", False),
    ],
)
def test_codes_are_near_when_signs_are_swapped_or_left_out_and_not_when_they_differ(
    crm: Session, typed: str, found: bool
) -> None:
    keys = [item.key for item in near(crm, "product", "product_id", typed)]
    assert (PRODUCT in keys) == found


def test_an_empty_column_is_near_to_nothing(crm: Session) -> None:
    assert near(crm, "product", "description", "Test pump") == []


@pytest.mark.parametrize(
    "name", ["<script>alert(1)</script>", "'; DROP TABLE customers;--", "🐉" * 500, "%", "x" * 500]
)
def test_any_text_can_be_compared(crm: Session, name: str) -> None:
    insert(crm, customer("CU-920", name=name))
    near(crm, "customer", "name", name)
    near(crm, "customer", "name", "Kaolin Tiles")
    assert crm.get_one(tables.Customer, "CU-920").name == name
