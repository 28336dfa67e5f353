"""What a stranger's query may consist of, by DuckDB 1.5.5's own names; what is not listed is refused."""

from __future__ import annotations

SQL_MAX_BYTES = 20_000
NODES_MAX = 20_000
DEPTH_MAX = 200  # levels of the syntax tree as JSON: about 80 nested expressions


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


EXPRESSIONS = _names("""
BETWEEN CASE CAST COLLATE COLUMN_REF COMPARISON CONJUNCTION CONSTANT FUNCTION LAMBDA OPERATOR POSITIONAL_REFERENCE STAR
SUBQUERY WINDOW
""")
# Query nodes, relations, modifiers, orders and the parameters of types.
NODES = _names("""
SELECT_NODE SET_OPERATION_NODE BASE_TABLE EMPTY EXPRESSION_LIST JOIN SUBQUERY TABLE_FUNCTION
DISTINCT_MODIFIER LIMIT_MODIFIER LIMIT_PERCENT_MODIFIER ORDER_MODIFIER ORDER_DEFAULT ASCENDING DESCENDING
ARRAY_TYPE_INFO DECIMAL_TYPE_INFO INTEGER_LITERAL_TYPE_INFO LIST_TYPE_INFO STRING_TYPE_INFO STRUCT_TYPE_INFO
""")
TYPES = _names("""
ARRAY BIGINT BIT BLOB BOOLEAN CHAR DATE DECIMAL DOUBLE FLOAT HUGEINT INTEGER INTEGER_LITERAL INTERVAL LIST MAP NULL
SMALLINT STRING_LITERAL STRUCT TIME TIMESTAMP TIMESTAMP_MS TIMESTAMP_NS TIMESTAMP_S TINYINT UBIGINT UHUGEINT UINTEGER
USMALLINT UTINYINT UUID VARCHAR
""") | {"TIME WITH TIME ZONE", "TIMESTAMP WITH TIME ZONE"}
# Objects of the tree that carry no name of their own, by their keys.
CONTAINERS = frozenset(
    _names(keys)
    for keys in (
        "error statements",
        "node named_param_map",
        "map",
        "key value",
        "aliases query materialized key_targets",
        "when_expr then_expr",
        "sample_size is_percentage method seed",
        "type is_null",
        "type is_null value",
        "first second",
        "children",
    )
)
SCHEMAS = frozenset({"", "main"})  # where DuckDB's own functions live
TABLE_FUNCTIONS = frozenset({"unnest"})

_OPERATORS = "+ - * / // % ** ^ & | << >> ~ || ~~ !~~ ~~* !~~* ~~~ ^@ @"
_AGGREGATES = """
any_value approx_count_distinct approx_quantile arbitrary arg_max arg_min argmax argmin array_agg avg bit_and bit_or
bit_xor bool_and bool_or corr count count_if count_star countif covar_pop covar_samp entropy favg first fsum geomean
geometric_mean group_concat histogram kahan_sum kurtosis kurtosis_pop last list listagg mad max max_by mean median min
min_by mode product quantile quantile_cont quantile_disc regr_avgx regr_avgy regr_count regr_intercept regr_r2
regr_slope regr_sxx regr_sxy regr_syy sem skewness stddev stddev_pop stddev_samp string_agg sum sumkahan var_pop
var_samp variance wavg weighted_avg
"""
_WINDOWS = (
    "cume_dist dense_rank fill first_value lag last_value lead nth_value ntile percent_rank rank rank_dense row_number"
)
_MATHS = """
abs acos add asin atan atan2 bit_count cbrt ceil ceiling cos cosh cot degrees divide even exp fdiv floor fmod gcd
greatest greatest_common_divisor isfinite isinf isnan lcm least least_common_multiple ln log log10 log2 mod multiply pi
pow power radians round round_even sign signbit sin sinh sqrt subtract tan tanh trunc xor
"""
_TEXTS = """
array_to_string ascii char_length character_length chr concat concat_ws contains damerau_levenshtein editdist3 ends_with
hamming hash ilike_escape instr jaccard jaro_similarity jaro_winkler_similarity lcase left length levenshtein
like_escape lower lpad ltrim md5 nfc_normalize not_ilike_escape not_like_escape octet_length ord position prefix
regexp_escape regexp_extract regexp_extract_all regexp_full_match regexp_matches regexp_replace regexp_split_to_array
replace reverse right rpad rtrim sha256 split split_part starts_with str_split str_split_regex string_split
string_split_regex string_to_array strip_accents strlen strpos substr substring suffix translate trim ucase unicode
upper hex unhex to_hex from_hex base64 to_base64 from_base64 encode decode
"""
_TIMES = """
age ago century date_add date_diff date_part date_sub date_trunc datediff datepart datesub datetrunc day dayname
dayofmonth dayofweek dayofyear days_in_month decade epoch epoch_ms epoch_ns epoch_us era hour isodow isoyear julian
last_day make_date make_time make_timestamp make_timestamptz microsecond millennium millisecond minute month monthname
now quarter second strftime strptime time_bucket timezone timezone_hour timezone_minute to_centuries to_days to_decades
to_hours to_microseconds to_millennia to_milliseconds to_minutes to_months to_quarters to_seconds to_timestamp to_weeks
to_years today try_strptime week weekday weekofyear year yearweek
"""
_LISTS = """
array_contains array_distinct array_extract array_has array_has_all array_has_any array_length array_position
array_slice array_sort array_unique array_value cardinality element_at flatten len list_any_value list_append list_avg
list_apply list_concat list_contains list_count list_distinct list_element list_extract list_filter list_first list_has
list_has_all list_has_any list_indexof list_intersect list_last list_max list_median list_min list_mode
list_pack list_position list_prepend list_product list_reduce list_reverse list_reverse_sort list_select list_slice
list_sort list_stddev_pop list_stddev_samp list_sum list_transform list_unique list_value list_var_pop list_var_samp
list_where list_zip map map_contains map_entries map_extract map_keys map_values row struct_extract struct_pack unnest
"""
_REST = "coalesce constant_or_null if ifnull nullif typeof"

FUNCTIONS = _names(f"{_OPERATORS} {_AGGREGATES} {_WINDOWS} {_MATHS} {_TEXTS} {_TIMES} {_LISTS} {_REST}")
