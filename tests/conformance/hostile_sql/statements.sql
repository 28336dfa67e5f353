COPY air TO '{dir}/out.csv'
COPY (SELECT 1) TO '{dir}/out.parquet'
COPY air FROM '{dir}/secret.csv'
EXPORT DATABASE '{dir}/out'
IMPORT DATABASE '{dir}/out'
ATTACH '{dir}/out.db' AS other
ATTACH '{dir}/secret.csv' (TYPE sqlite)
DETACH memory
USE memory
INSTALL httpfs
LOAD httpfs
FORCE INSTALL spatial FROM 'http://127.0.0.1:1'
LOAD '{dir}/secret.csv'
PRAGMA database_list
PRAGMA enable_profiling
PRAGMA enable_logging
SET enable_external_access = true
SET memory_limit = '100GB'
SET lock_configuration = false
RESET memory_limit
SET VARIABLE x = 1
CREATE TABLE t AS SELECT 1
CREATE TEMP TABLE t AS SELECT 1
CREATE VIEW v AS SELECT 1
CREATE MACRO m(x) AS x
CREATE TYPE mood AS ENUM ('a')
CREATE SECRET s (TYPE s3, KEY_ID 'a', SECRET 'b')
CREATE PERSISTENT SECRET s (TYPE s3, KEY_ID 'a', SECRET 'b')
CREATE SEQUENCE s
INSERT INTO air SELECT * FROM air
UPDATE air SET pm25 = 0
DELETE FROM air
DROP VIEW air
ALTER TABLE air RENAME TO b
CHECKPOINT
VACUUM
BEGIN TRANSACTION
PREPARE p AS SELECT 1
EXECUTE p
CALL enable_logging(storage = 'file', storage_config = {'path': '{dir}/log'})
CALL duckdb_secrets()
EXPLAIN ANALYZE SELECT 1
SELECT 1; SELECT 2
SELECT 1; DROP VIEW air
SELECT 1 /* ; */ ; COPY air TO '{dir}/out.csv'
DESCRIBE air
SHOW TABLES
SHOW ALL TABLES
SUMMARIZE air
SELECT * FROM (DESCRIBE air)
SELECT * FROM (SHOW TABLES)
SELECT * FROM (SUMMARIZE air)
PIVOT air ON station USING avg(pm25)
SELECT * FROM air PIVOT (avg(pm25) FOR station IN ('1431A'))
UNPIVOT air ON pm25 INTO NAME n VALUE v
SELECT ?
SELECT $1
SELECT * FROM air WHERE pm25 > $limit
COPY air TO PROGRAM 'id'
SET VARIABLE x = (SELECT content FROM read_text('/etc/passwd'))
PREPARE x AS SELECT 1
EXECUTE x
EXPLAIN ANALYZE SELECT * FROM air
FROM (EXPLAIN SELECT 1)
FROM (SHOW ALL TABLES)
FROM (SUMMARIZE air)
PIVOT air ON station USING max(pm25)
FROM air UNPIVOT (v FOR n IN (pm25, no2))
