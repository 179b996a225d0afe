"""Names that nobody bears: companies, people and places made of parts, and what they can be
reached by, which looks right and leads nowhere."""

from __future__ import annotations

from typing import Any

from crmlab.simulation.draws import Draws

FAMILY = (
    ("Lin", "林"), ("Tao", "陶"), ("Gu", "顾"), ("Shen", "沈"), ("Ma", "马"), ("Xu", "徐"),
    ("Deng", "邓"), ("Feng", "冯"), ("Hua", "华"), ("Mo", "莫"), ("Ren", "任"), ("Kong", "孔"),
    ("Qin", "秦"), ("Cao", "曹"), ("Yu", "于"), ("Bao", "鲍"), ("Zhu", "朱"), ("Pan", "潘"),
    ("Jiang", "江"), ("Luo", "罗"),
)  # fmt: skip
GIVEN = (
    ("Yan", "燕"), ("Wen", "文"), ("Min", "敏"), ("Qiang", "强"), ("Li", "丽"), ("Jie", "洁"),
    ("Fang", "芳"), ("Ke", "科"), ("Lu", "璐"), ("Ying", "颖"), ("Chen", "晨"), ("Dan", "丹"),
    ("Hui", "慧"), ("Mei", "梅"), ("Ning", "宁"), ("Bei", "蓓"), ("Ping", "平"), ("Bo", "波"),
    ("Yun", "云"), ("Hao", "浩"),
)  # fmt: skip
FOREIGN = (
    "Anna Berg", "Erik Holm", "Pieter Vos", "Olga Lind", "Ilse Brandt", "Marek Novak",
    "Ines Duarte", "Tomas Kral", "Aino Laine", "Ravi Menon", "Lucia Serra", "Jonas Weiss",
    "Nadia Haddad",
    "Paul Mercier", "Maya Ferrer", "Kenji Arai",
)  # fmt: skip

PLACES = (
    ("Linjiang", "临江"), ("Qingshan", "青山"), ("Baiyun", "白云"), ("Donghai", "东海"),
    ("Xinghe", "星河"), ("Yuelai", "悦来"), ("Hongfeng", "红枫"), ("Cuiwei", "翠微"),
    ("Tianmu", "天目"), ("Shuangqiao", "双桥"), ("Longtan", "龙潭"), ("Meixi", "梅溪"),
    ("Jinwan", "金湾"), ("Luyuan", "绿原"), ("Beichen", "北辰"), ("Nanhua", "南华"),
    ("Wanquan", "万泉"), ("Yinhu", "银湖"), ("Hengda Lu", "恒大路"), ("Changping", "长平"),
    ("Anhe", "安和"), ("Taihe", "泰和"), ("Furong", "芙蓉"), ("Songlin", "松林"),
    ("Zijin", "紫金"), ("Lanting", "兰亭"), ("Haitang", "海棠"), ("Yulong", "玉龙"),
    ("Shimen", "石门"), ("Heping", "和平"),
)  # fmt: skip
SECOND = ("", "East ", "New ", "United ", "First ", "Old ", "Greater ", "South ")
TRADES = (
    ("Chemicals", "化工"), ("Textile", "纺织"), ("Paper", "纸业"), ("Water Works", "水务"),
    ("Foods", "食品"), ("Ceramics", "陶瓷"), ("Heating", "热力"), ("Machinery", "机械"),
    ("Irrigation", "灌溉"), ("Power", "电力"), ("Steel", "钢铁"), ("Pharma", "制药"),
    ("Breweries", "酿造"), ("Dyes", "染料"), ("Building Services", "楼宇"), ("Shipyard", "船舶"),
)  # fmt: skip
CITIES_ABROAD = ("Salzburg", "Riga", "Porto", "Brno", "Turku", "Penang", "Lyon", "Oslo")
ABROAD = ("Anlagenbau", "Pumptechniek", "Vattenteknik", "Idraulica", "Hydraulics", "Impianti")
CITIES = {
    "East": ("Shaoxing", "Jiaxing", "Suzhou", "Wuxi", "Nantong", "Wenzhou", "Ningbo", "Hefei"),
    "South": ("Foshan", "Xiamen", "Zhanjiang", "Guilin", "Nanning", "Shantou", "Changsha"),
    "North": ("Dalian", "Lanzhou", "Taiyuan", "Jinan", "Harbin", "Baotou", "Xian"),
}
ROADS = ("Binhe Road", "Gongye Avenue", "Heping Street", "Jianshe Road", "Xinhua Road", "Port Road")

PRODUCTS: tuple[tuple[str, str, str, str, int], ...] = (
    ("LP-25", "Circulation pump LP-25", "Pumps", "piece", 1980),
    ("LP-100", "Circulation pump LP-100", "Pumps", "piece", 9400),
    ("HP-65", "Hot-duty pump HP-65", "Pumps", "piece", 8900),
    ("DP-30", "Dosing pump DP-30", "Pumps", "piece", 3100),
    ("SP-20", "Submersible pump SP-20", "Pumps", "piece", 2650),
    ("IP-50", "Irrigation pump IP-50", "Irrigation pumps", "piece", 3900),
    ("IP-80", "Irrigation pump IP-80", "Irrigation pumps", "piece", 6200),
    ("IP-100", "Irrigation pump IP-100", "Irrigation pumps", "piece", 8800),
    ("BS-2", "Booster set BS-2", "Booster sets", "set", 18600),
    ("BS-3", "Booster set BS-3", "Booster sets", "set", 26400),
    ("BS-4", "Booster set BS-4", "Booster sets", "set", 34800),
    ("GV-50", "Gate valve GV-50", "Valves", "piece", 560),
    ("GV-100", "Gate valve GV-100", "Valves", "piece", 1240),
    ("GV-150", "Gate valve GV-150", "Valves", "piece", 2180),
    ("GB-80", "Globe valve GB-80", "Valves", "piece", 980),
    ("CV-80", "Check valve CV-80", "Valves", "piece", 690),
    ("BV-50", "Ball valve BV-50", "Valves", "piece", 340),
    ("TS-1", "Telemetry set TS-1", "Sensors", "set", 1450),
    ("FM-80", "Flow meter FM-80", "Sensors", "piece", 2900),
    ("TP-2", "Temperature probe TP-2", "Sensors", "piece", 260),
    ("SK-65", "Seal kit SK-65", "Spare parts", "kit", 310),
    ("SK-25", "Seal kit SK-25", "Spare parts", "kit", 165),
    ("PK-50", "Packing kit PK-50", "Spare parts", "kit", 140),
    ("BR-40", "Bearing set BR-40", "Spare parts", "set", 380),
    ("IM-40", "Impeller IM-40", "Spare parts", "piece", 620),
    ("FS-80", "Flange set FS-80", "Spare parts", "set", 120),
    ("OR-10", "Box of O-rings OR-10", "Spare parts", "kit", 140),
    ("GR-1", "Cartridge of grease GR-1", "Spare parts", "piece", 45),
)
"""Code, name, family, unit, and this year's price on the base list in yuan."""


def person(number: int) -> str:
    """A person's name, as the users of the CRM are called."""
    family = FAMILY[number * 7 % len(FAMILY)][0]
    return f"{family} {GIVEN[(number * 11 + number // 20) % len(GIVEN)][0]}"


def customer(number: int, branch: str, draws: Draws) -> dict[str, Any]:
    """What a customer is called and how to reach them. No two of the first 20,000 share a name.

    The area code 100 and the country code 999 do not exist, and no mail arrives at `.example`.
    """
    place, rest = number % len(PLACES), number // len(PLACES)
    trade, rest = rest % len(TRADES), rest // len(TRADES)
    second, more = SECOND[rest % len(SECOND)], rest // len(SECOND)
    tail = f" {more + 1}" if more else ""
    pinyin, signs = PLACES[place]
    slug = f"{second}{pinyin}-{TRADES[trade][0]}{tail}".lower().replace(" ", "-")
    city = draws.one_of(CITIES[branch])
    mail, phone = f"{slug}.example", f"+86 100 {number // 10000:04} {number % 10000:04}"
    kind = draws.unit()
    if kind < 0.12:
        contact, phone = FOREIGN[number % len(FOREIGN)], f"+999 20 {number:07}"
        kind_of, more = divmod(number // len(FOREIGN), len(ABROAD) * len(CITIES_ABROAD))[::-1]
        city = CITIES_ABROAD[kind_of // len(ABROAD)]
        name = f"{contact.split()[1]} {ABROAD[kind_of % len(ABROAD)]} {city}"
        name += f" {more + 1}" if more else ""
        mail = f"{name}.example".lower().replace(" ", "-")
    elif kind < 0.40:
        branch_of = f"第{number // (len(PLACES) * len(TRADES)) + 1}" if rest else ""
        name = f"{signs}{TRADES[trade][1]}{branch_of}有限公司"
        contact = draws.one_of(FAMILY)[1] + draws.one_of(GIVEN)[1]
    else:
        name = f"{second}{pinyin} {TRADES[trade][0]}{tail}"
        contact = f"{draws.one_of(FAMILY)[0]} {draws.one_of(GIVEN)[0]}"
    return {
        "name": name,
        "city": city,
        "contact": contact,
        "phone": phone,
        "email": f"purchasing@{mail}",
        "address": f"{draws.whole(1, 280)} {draws.one_of(ROADS)}, {city}",
    }
