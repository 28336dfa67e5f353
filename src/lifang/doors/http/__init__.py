"""http: the porch of the HTTP doors: who asks, what may pass, how answers and problems are written.

Does not belong here: routes. Every route of every HTTP door is a :class:`GuardedRoute`, which answers only
after a decision was taken. Reads no dataset; writes denials and reads of non-public data to the ledger.
"""

from lifang.app import Asker
from lifang.doors.http.answers import (
    Door,
    PageText,
    answer,
    bytes_answer,
    decode_cursor,
    download,
    encode_cursor,
    entity_tag,
    gather,
    json_answer,
    not_modified,
)
from lifang.doors.http.asking import COOKIE, GuardedRoute, asking, city_of, identify
from lifang.doors.http.bodies import read_body, receive_file
from lifang.doors.http.methods import refuse_method
from lifang.doors.http.metrics import Metrics
from lifang.doors.http.multipart import Parts, file_of_form
from lifang.doors.http.problems import (
    PROBLEMS,
    NotOffered,
    ProblemBody,
    add_problem_handlers,
    documented,
    in_chinese,
    of_problem,
    problem_response,
)
from lifang.doors.http.shell import Shell
from lifang.doors.http.short_way import ShortRoute, ShortWay, short_ways
from lifang.doors.http.signpost import Signpost
from lifang.doors.http.slashes import SlashedRoute
from lifang.doors.http.turns import Turns

__all__ = [
    "COOKIE",
    "PROBLEMS",
    "Asker",
    "Door",
    "GuardedRoute",
    "Metrics",
    "NotOffered",
    "PageText",
    "Parts",
    "ProblemBody",
    "Shell",
    "ShortRoute",
    "ShortWay",
    "Signpost",
    "SlashedRoute",
    "Turns",
    "add_problem_handlers",
    "answer",
    "asking",
    "bytes_answer",
    "city_of",
    "decode_cursor",
    "documented",
    "download",
    "encode_cursor",
    "entity_tag",
    "file_of_form",
    "gather",
    "identify",
    "in_chinese",
    "json_answer",
    "not_modified",
    "of_problem",
    "problem_response",
    "read_body",
    "receive_file",
    "refuse_method",
    "short_ways",
]
