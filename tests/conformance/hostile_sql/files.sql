SELECT * FROM '{dir}/secret.csv'
SELECT * FROM "{dir}/secret.parquet"
SELECT * FROM read_csv('{dir}/secret.csv')
SELECT * FROM read_csv_auto('{dir}/secret.csv')
SELECT * FROM sniff_csv('{dir}/secret.csv')
SELECT * FROM read_parquet('{dir}/secret.parquet')
SELECT * FROM parquet_scan('{dir}/secret.parquet')
SELECT * FROM parquet_metadata('{dir}/secret.parquet')
SELECT * FROM parquet_schema('{dir}/secret.parquet')
SELECT * FROM parquet_kv_metadata('{dir}/secret.parquet')
SELECT * FROM read_json('{dir}/secret.json')
SELECT * FROM read_json_objects('{dir}/secret.json')
SELECT * FROM read_text('{dir}/secret.csv')
SELECT * FROM read_blob('{dir}/secret.csv')
SELECT * FROM read_duckdb('{dir}/secret.csv')
SELECT * FROM glob('{dir}/*')
SELECT * FROM glob('/etc/*')
SELECT * FROM '/etc/passwd'
SELECT * FROM read_text('/proc/self/environ')
SELECT * FROM read_csv('/dev/stdin')
SELECT * FROM read_csv('http://127.0.0.1:1/x.csv')
SELECT * FROM 's3://bucket/x.parquet'
SELECT (SELECT content FROM read_text('{dir}/secret.csv'))
SELECT * FROM air WHERE EXISTS (SELECT 1 FROM read_text('{dir}/secret.csv'))
WITH s AS (SELECT * FROM read_csv('{dir}/secret.csv')) SELECT * FROM s
SELECT * FROM air UNION ALL SELECT * FROM '{dir}/secret.csv'
SELECT * FROM air ORDER BY (SELECT count(*) FROM read_text('{dir}/secret.csv'))
SELECT * FROM air LIMIT (SELECT count(*) FROM glob('/etc/*'))
SELECT count(*) FILTER (WHERE (SELECT true FROM glob('/*') LIMIT 1)) FROM air
SELECT sum(pm25) OVER (ORDER BY (SELECT 1 FROM glob('/*') LIMIT 1)) FROM air
SELECT list_transform([1], lambda x: (SELECT max(size) FROM read_text('{dir}/secret.csv')))
FROM read_text('{dir}/secret.csv')
FROM air, LATERAL (SELECT * FROM read_text('{dir}/secret.csv'))
FROM '/etc/passwd'
TABLE '/etc/passwd'
SUMMARIZE '/etc/passwd'
FROM sniff_csv('/etc/passwd')
FROM ST_Read('/etc/passwd')
FROM parquet_file_metadata('{dir}/secret.parquet')
FROM parquet_full_metadata('{dir}/secret.parquet')
FROM parquet_bloom_probe('{dir}/secret.parquet', 'a', 1)
FROM read_csv/**/('{dir}/secret.csv')
FROM "read_csv"(['{dir}/secret.csv'])
FROM system.main.read_text('/etc/passwd')
FROM (PIVOT (FROM read_text('/etc/passwd')) ON content)
