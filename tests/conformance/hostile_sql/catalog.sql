SELECT * FROM duckdb_settings()
SELECT * FROM duckdb_secrets()
SELECT * FROM duckdb_logs()
SELECT * FROM duckdb_logs
SELECT * FROM duckdb_views()
SELECT * FROM duckdb_functions()
SELECT * FROM duckdb_tables
SELECT * FROM duckdb_temporary_files()
SELECT * FROM duckdb_external_file_cache()
SELECT * FROM enable_logging('QueryLog')
SELECT * FROM information_schema.tables
SELECT * FROM pg_catalog.pg_class
SELECT * FROM pg_tables
SELECT * FROM sqlite_master
SELECT * FROM main.air
SELECT * FROM memory.main.air
SELECT * FROM system.information_schema.tables
SELECT * FROM temp.air
SELECT * FROM air AT (VERSION => 1)
SELECT * FROM nosuch
SELECT * FROM pragma_table_info('air')
SELECT * FROM pragma_database_size()
SELECT * FROM query('SELECT 1')
SELECT * FROM query_table('air')
SELECT * FROM json_execute_serialized_sql(json_serialize_sql('SELECT 1'))
SELECT json_serialize_sql('SELECT 1')
SELECT json_serialize_plan('SELECT 1')
SELECT * FROM which_secret('s3://x', 's3')
SELECT * FROM python_map_function()
SELECT * FROM arrow_scan(1, 2, 3)
SELECT * FROM pandas_scan(1)
SELECT * FROM seq_scan('air')
SELECT * FROM test_all_types()
SELECT * FROM range(10)
SELECT * FROM generate_series(1, 10)
SELECT * FROM repeat(1, 10)
SELECT * FROM duckdb_tables, (WITH duckdb_tables AS (SELECT 1) SELECT 1)
WITH duckdb_tables AS (SELECT * FROM duckdb_tables) SELECT * FROM duckdb_tables
WITH a AS (SELECT * FROM duckdb_tables), duckdb_tables AS (SELECT 1) SELECT * FROM a
WITH RECURSIVE r AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM r) SELECT * FROM r
WITH RECURSIVE r(n) USING KEY (n) AS (SELECT 1 UNION SELECT n FROM r) SELECT * FROM r
SELECT (WITH RECURSIVE r AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM r) SELECT max(n) FROM r)
FROM duckdb_variables()
FROM duckdb_prepared_statements()
FROM duckdb_extensions()
FROM pragma_platform()
FROM query_table(['air', 'duckdb_tables'])
FROM sql_auto_complete('SEL')
FROM unnest(range(1000000000000))
FROM repeat_row(1, num_rows = 1000000000000)
