"""Chinese addresses: taken apart by the city's own divisions, streets and road names, and compared part by part.

The parts follow the address model of GB/T 23705-2009: division, street, road, number, building, unit, floor, room.
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields

_DIGITS = {each: str(value) for value, each in enumerate("零一二三四五六七八九")} | {"〇": "0", "两": "2"}
_ONE = "一二三四五六七八九两"
_CHINESE = re.compile(
    rf"([{_ONE}]?百)?([零〇]?[{_ONE}]?十)?([零〇]?[{_ONE}])?(?=[号栋幢座单层楼室组段弄巷]|门(?:$|\d|[{_ONE}十]))"
)
_GAP = re.compile(r"[\s,，、;；]+")
_ENGLISH = (  # a word before its number, by the one after it
    (re.compile(r"\b(?:ROOM|RM|FLAT)\b\.?\s*(\w+)"), r"\1室"),
    (re.compile(r"\bUNIT\s*(\w+)"), r"\1单元"),
    (re.compile(r"\b(?:BUILDING|BLDG|BLOCK)\b\.?\s*(\w+)"), r"\1栋"),
    (re.compile(r"\b(?:FLOOR|FL|LEVEL)\b\.?\s*(\d+)"), r"\1层"),
    (re.compile(r"\bBASEMENT\s*(\d)"), r"B\1层"),
    (re.compile(r"\b(\d+)(?:ST|ND|RD|TH)?\s*(?:FLOOR|FL)\b\.?|\b(\d+)/F\b"), r"\1\2层"),
    (re.compile(r"(?:\b|(?<=[^\x00-\x7F]))NO\b\.?\s*(\d[\d-]*)"), r"\1号"),
)
_WORD = re.compile(r"[A-Z]{2}")
_LETTERED = re.compile(  # a floor in letters: 20F, B1, B1F, where no word for a room or a building follows
    r"(?<![A-Z\d])(?:(\d{1,2})F|(B[1-9])F?)(?![A-Z\d]|[室号户层楼栋幢座单])"
)
_NOISE = re.compile(r"[\s,，。、;；:：()（）]+")
_SECTION = r"(?:[东南西北中]{0,2}\d{1,2}|[东南西北中])段"
_LANE = re.compile(r"\d{1,4}[弄巷]")
_ROAD = re.compile(rf"^(.{{1,14}}?(?:大道|大街|路|街|巷|道|胡同|里)(?:{_SECTION}|[东南西北中]{{0,2}}(?:横|路|街|巷))?)")
_NUMBER = re.compile(
    r"^(?:门牌)?([甲乙丙丁]?)(\d+(?:号?-\d+)*)号?([甲乙丙丁](?=$|\d|[号附之]))?(?:[附之](\d+(?:-\d+)*)|院)?号?"
)
_BUILDING = re.compile(r"((?:(?<![A-Z])[A-Z])?\d+|(?<![A-Z])[A-Z])(?:号楼|栋|幢|座|号院)")
_UNIT = re.compile(r"(\d+|[A-Z])(?:单元|门(?!牌))")
_FLOOR = re.compile(r"(负|地下|B|-)?第?(\d{1,3})(?:层|楼)")
_ROOM = re.compile(r"(附?(?:(?<![A-Z])[A-Z])?\d{1,5}[A-Z]?)(?:[室号户]?(?:[附之]|(?<=\d)-)(\d{1,4}))?(?:室|号|户)?$")
_SHORT = re.compile(r"^(\d+|[A-Z])-(\d+)-(\d+)(?:室|号)?$")
_OF_UNIT = re.compile(r"^(\d)-(\d{3,4}[A-Z]?)(?:室|号|户)?$")
_COUNTRY = re.compile(r"^(?:\d{6}(?=\D))?(?:中华人民共和国|中国)?(?:\d{6}(?=\D))?")
_ZONE = re.compile(r"^(?:高新(?:技术产业开发)?|经开|经济技术开发)[东南西北]?区")  # what is no division
_ENDS = ("自治县", "街道办事处", "街道", "新区", "区", "县", "市", "镇", "乡")
_OF_ROADS = re.compile(r"(?:大道|大街|路|街(?!道)|巷|道|[东南西北中]?[一二三四]?[段街路])")
_ROADS = ("路", "街", "巷", "道")
_WEIGHTS = {
    "division": 1.0, "street": 0.5, "road": 3.0, "number": 3.0, "building": 2.0, "unit": 1.0, "floor": 1.0, "room": 2.0
}  # fmt: skip
_BLOCK_MAX = 5_000  # addresses of one road and number; where more are alike, only what is written out whole is found
_EXACT = frozenset({"road", "number", "building", "unit", "floor", "room"})  # must agree where both tell them


@dataclass(frozen=True, slots=True)
class Address:
    """An address in parts; what is not told is empty. ``division`` and ``street`` are codes, ``rest`` what is left.

    ``floor`` is B1, B2, … below the ground, and empty where the number of the room begins with it.
    """

    division: str = ""
    street: str = ""
    road: str = ""
    number: str = ""
    building: str = ""
    unit: str = ""
    room: str = ""
    rest: str = ""
    floor: str = ""

    @property
    def parts(self) -> dict[str, str]:
        """The parts that are told."""
        return {each.name: getattr(self, each.name) for each in fields(self) if getattr(self, each.name)}

    @property
    def canonical(self) -> str:
        """One text for all ways to write the address; empty unless it tells a road and a number."""
        if not self.road or not self.number:
            return ""
        inner = (self.building, self.unit, self.floor, self.room, self.rest)
        return "|".join((self.division, self.road, self.number, *inner))


@dataclass(frozen=True)
class Names:
    """Codes by name, also without the word for its rank, where two letters are left; ``lengths``, longest first."""

    codes: Mapping[str, Sequence[str]]
    lengths: tuple[int, ...]

    @classmethod
    def of(cls, names: Mapping[str, str]) -> Names:
        """Return the names of ``names`` (by code) in all their forms."""
        found: dict[str, list[str]] = defaultdict(list)
        for code, name in names.items():
            plain = _plain(name)
            forms = {plain} | {plain.removesuffix(end) for end in _ENDS if len(plain.removesuffix(end)) >= 2}
            for form in forms | {plain.replace("街道办事处", "街道")}:
                found[form].append(code)
        return cls(found, _lengths(found))

    def taken(self, text: str, *, within: str = "", ambiguous: bool = False) -> tuple[str, str]:
        """Return the code (that begins with ``within``) of the name that ``text`` begins with, and what follows.

        A bare name before a word for roads is none; where a name is ``ambiguous``, nor is one of several codes.
        """
        for length in self.lengths:
            known = self.codes.get(text[:length]) if length <= len(text) else None
            if known is None:
                continue
            codes = [code for code in known if code.startswith(within)]
            bare = not text[:length].endswith(_ENDS)
            after = text[length:]
            road = _OF_ROADS.match(after) or (text[:length].endswith(_ROADS) and after[:1].isdigit())
            if not codes or (bare and road) or (ambiguous and len(codes) > 1):
                continue
            return codes[0], after.removeprefix("街道办事处").removeprefix("街道") if bare else after
        return "", text


class Gazetteer:
    """The names that an address may begin with: province and city, divisions and streets by code, roads."""

    def __init__(
        self, above: Iterable[str], divisions: Mapping[str, str], streets: Mapping[str, str], roads: Iterable[str] = ()
    ) -> None:
        """``above`` are names that all addresses share; ``divisions`` and ``streets`` are names by code."""
        self._above = sorted((_plain(each) for each in above), key=len, reverse=True)
        self._divisions, self._streets = Names.of(divisions), Names.of(streets)
        self._digits = min((len(code) for code in divisions), default=0)
        self.roads = frozenset(plain for each in roads if len(plain := _plain(each)) > 1)
        self._lengths = _lengths(self.roads)

    def parse(self, text: str) -> Address:
        """Return an address in its parts, also one that begins with the smallest, as in English.

        Road names in other letters than the gazetteer's are not known: they stay in ``rest``.
        """
        rest = self._without_above(_COUNTRY.sub("", _plain(self._from_the_largest(text))))
        division, rest = self._divisions.taken(rest)
        street, rest = self._streets.taken(rest, within=division, ambiguous=not division)
        if street and not division:
            division = street[: self._digits]
        road, rest = self._road(rest)
        number = ""
        if road and (found := _NUMBER.match(rest)):
            after = rest[found.end() :]
            if not re.match(r"(?:楼|栋|幢|座|单元)", after):
                before, own, behind, more = found.groups()
                number = "-".join(filter(None, (own.replace("号", "") + (before or behind or ""), more)))
                rest = after
        return _inner(Address(division, street, road, number), rest)

    def _from_the_largest(self, text: str) -> str:
        """Return an address whose last word is a division, or above one, and whose first is not, turned round."""
        words = _GAP.split(_worded(text).strip()) if _GAP.search(text) else ()
        if not words:
            return text
        first, last = (_COUNTRY.sub("", _plain(words[at])) for at in (0, -1))
        wide = [each in self._above or each in self._divisions.codes or not each for each in (first, last)]
        return "".join(reversed(words)) if wide == [False, True] else text

    def _without_above(self, text: str) -> str:
        name = next((each for each in self._above if text.startswith(each)), None)
        return text if name is None else self._without_above(text[len(name) :])

    def _road(self, text: str) -> tuple[str, str]:
        road, rest = self._known(text)
        if not road and (zone := _ZONE.match(text)):
            road, rest = self._known(text[zone.end() :])
            rest = rest if road else text
        if not road and (found := _ROAD.match(text)):
            road, rest = found[1], text[found.end() :]
        lane = _LANE.match(rest) if road else None
        return (road + lane[0], rest[lane.end() :]) if lane else (road, rest)

    def _known(self, text: str) -> tuple[str, str]:
        """Return the road that the gazetteer has with its section, and what follows."""
        for length in self._lengths:
            if text[:length] in self.roads and length <= len(text):
                more = re.match(_SECTION, text[length:])
                end = length + (more.end() if more else 0)
                return text[:end], text[end:]
        return "", text


def score(one: Address, other: Address) -> float:
    """Return how far two addresses agree, 0 to 1: parts that only one of them tells count half against it.

    Another road, house number, building, unit, floor or room is another place, whatever else agrees.
    """
    got = whole = 0.0
    for name, weight in _WEIGHTS.items():
        mine, theirs = getattr(one, name), getattr(other, name)
        if not mine and not theirs:
            continue
        if mine and theirs and mine != theirs and name in _EXACT:
            return 0.0
        whole += weight if mine and theirs else weight / 2
        got += weight if mine == theirs else 0.0
    return got / whole if whole else 0.0


class Matcher:
    """Finds the known address that a text means, among those of the same road and number."""

    def __init__(self, gazetteer: Gazetteer, known: Mapping[str, str]) -> None:
        """``known`` are texts of addresses by their code."""
        self._gazetteer = gazetteer
        self._blocks: dict[tuple[str, str], list[tuple[str, Address]]] = defaultdict(list)
        self._exact: dict[Address, list[str]] = defaultdict(list)
        for code, text in known.items():
            parsed = gazetteer.parse(text)
            self._blocks[parsed.road, parsed.number].append((code, parsed))
            self._exact[parsed].append(code)

    def match(self, text: str, *, least: float = 0.85) -> tuple[str, float] | None:
        """Return the code of the best match and its score; ``None`` if none reaches ``least``, or two are as good."""
        parsed = self._gazetteer.parse(text)
        if not parsed.road:
            return None
        if exact := self._exact.get(parsed):
            return (exact[0], 1.0) if len(exact) == 1 else None
        found = self._blocks.get((parsed.road, parsed.number), [])
        if len(found) > _BLOCK_MAX:
            return None
        scored = sorted(((score(parsed, address), code) for code, address in found), reverse=True)
        if not scored or scored[0][0] < least or (len(scored) > 1 and scored[1][0] == scored[0][0]):
            return None
        return scored[0][1], scored[0][0]


def _lengths(names: Iterable[str]) -> tuple[int, ...]:
    return tuple(sorted(set(map(len, names)), reverse=True))


def _plain(text: str) -> str:
    plain = _NOISE.sub("", _worded(text)).replace("＃", "#").replace("#", "号")
    return _CHINESE.sub(lambda found: _arabic(found[0]) if found[0] else "", plain)


def _worded(text: str) -> str:
    """Return a text with letters and digits of one width, and the words for a room, unit, … after their numbers."""
    plain = unicodedata.normalize("NFKC", text).upper()
    if _WORD.search(plain):
        for pattern, turned in _ENGLISH:
            plain = pattern.sub(turned, plain)
    return _LETTERED.sub(r"\1\2层", plain)


def _arabic(text: str) -> str:
    hundreds, _, rest = text.rpartition("百")
    tens, ten, ones = rest.rpartition("十")
    value = 100 * int(_DIGITS.get(hundreds, "1")) if "百" in text else 0
    value += 10 * int(_DIGITS.get(tens.strip("零〇"), "1")) if ten else 0
    return str(value + int(_DIGITS.get(ones.strip("零〇"), "0")))


def _inner(address: Address, text: str) -> Address:
    if short := _SHORT.match(text):
        building, unit, room = short.groups()
        return Address(*_outer(address), building, unit, room)
    building, text = _cut(_BUILDING, text)
    unit, text = _cut(_UNIT, text)
    if building and not unit and (found := _OF_UNIT.match(text)):
        return Address(*_outer(address), building, *found.groups())
    floor, text = _floor(text)
    room = ""
    if found := _ROOM.search(text):
        room, text = "-".join(filter(None, found.groups())), text[: found.start()].removesuffix("-")
    told = room.removeprefix(floor) if floor else room
    floor = "" if len(told) >= 2 and told != room else floor  # 1203 is on the 12th
    return Address(*_outer(address), building, unit, room, text, floor)


def _floor(text: str) -> tuple[str, str]:
    """Return the floor, B1 for the first below the ground, and the text without it."""
    found = _FLOOR.search(text)
    if not found:
        return "", text
    below, number = found.groups()
    return ("B" if below else "") + number.lstrip("0"), text[: found.start()] + text[found.end() :]


def _outer(address: Address) -> tuple[str, str, str, str]:
    return address.division, address.street, address.road, address.number


def _cut(pattern: re.Pattern[str], text: str) -> tuple[str, str]:
    found = pattern.search(text)
    return (found[1], text[: found.start()] + text[found.end() :]) if found else ("", text)
