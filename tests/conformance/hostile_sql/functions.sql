SELECT getenv('HOME')
SELECT current_setting('allowed_paths')
SELECT getvariable('x')
SELECT system.main.current_setting('threads')
SELECT write_log('x')
SELECT sleep_ms(100000)
SELECT pg_sleep(100)
SELECT nextval('s')
SELECT currval('s')
SELECT setseed(0.1)
SELECT error('x')
SELECT repeat('x', 1000000000)
SELECT range(100000000)
SELECT generate_series(1, 100000000)
SELECT list_resize([1], 1000000000)
SELECT array_resize([1], 1000000000)
SELECT list_aggregate([1], 'sum')
SELECT format('{:1000000000}', 1)
SELECT printf('%1000000000d', 1)
SELECT bar(1, 0, 1, 1000000000)
SELECT stats(pm25) FROM air
SELECT version()
SELECT current_query()
SELECT txid_current()
SELECT json_extract('{}', '$')
SELECT parse_path('/etc/passwd')
SELECT 'air'::regclass
SELECT 'x'::mood
SELECT 1::VARIANT
SELECT parse_duckdb_log_message('x', 'y')
SELECT __internal_compress_string_utinyint('x')
SELECT getenv/**/('HOME')
SELECT "getenv"('HOME')
SELECT 'HOME'.getenv()
SELECT list_transform(['HOME'], x -> getenv(x))
SELECT [getenv(x) FOR x IN ['HOME']]
SELECT list_reduce([1, 2], lambda a, b: sleep_ms(a))
SELECT CASE WHEN true THEN getenv('HOME') END
SELECT [getenv('HOME')], {'a': getenv('HOME')}
SELECT * REPLACE (getenv('HOME') AS pm25) FROM air
SELECT COLUMNS(c -> getenv(c) IS NULL) FROM air
SELECT * FROM air QUALIFY getenv('HOME') = 'x'
SELECT * FROM air GROUP BY ALL HAVING getenv('HOME') = 'x'
SELECT * FROM air JOIN districts ON getenv('HOME') = name
SELECT * FROM (VALUES (getenv('HOME')))
SELECT DISTINCT ON (getenv('HOME')) * FROM air
SELECT TRY(getenv('HOME'))
SELECT getenv ('HOME')
SELECT ｇｅｔｅｎｖ('HOME')
SELECT get​env('HOME')
SELECT [x FOR x IN ['a'] IF getenv(x) IS NULL]
SELECT current_database()
SELECT unnest(generate_series(1, 1000000000000))
SELECT NULL::INT[99999999]
SELECT strptime('1', '%' || repeat('Y', 9))
