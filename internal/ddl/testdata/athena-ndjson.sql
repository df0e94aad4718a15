======== day
-- logferry: pipeline nightly, sink lake, for athena
-- files: ndjson (gzip), tool_execution/dt=*/*.ndjson.gz
-- Athena's timestamps have milliseconds
-- case.insensitive is FALSE so that a row whose nested JSON has keys that differ in case alone can be read; Parquet is read more exactly than JSON
-- partitions outside of the projected range are not seen, even where there are files: let the range begin earlier where older ones were exported
-- logs_files is dropped first, which removes none of the export's files; a table that a load has made under the view's name has to be dropped by hand

DROP TABLE IF EXISTS `logs_files`;

CREATE EXTERNAL TABLE `logs_files` (
  `log_id` string,
  `timestamp` string,
  `duration_ms` bigint,
  `instant_charge` string,
  `request` string,
  `score` double,
  `order` boolean
)
PARTITIONED BY (
  `dt` string
)
ROW FORMAT SERDE 'org.openx.data.jsonserde.JsonSerDe'
WITH SERDEPROPERTIES ('case.insensitive' = 'FALSE')
LOCATION 's3://my-bucket/agents/tool_execution/'
TBLPROPERTIES (
  'projection.enabled' = 'true',
  'projection.dt.type' = 'date',
  'projection.dt.format' = 'yyyy-MM-dd',
  'projection.dt.range' = '2026-01-31,NOW',
  'projection.dt.interval' = '1',
  'projection.dt.interval.unit' = 'DAYS',
  'storage.location.template' = 's3://my-bucket/agents/tool_execution/dt=${dt}/'
);

CREATE OR REPLACE VIEW "logs" AS
SELECT
  "log_id",
  CAST(from_iso8601_timestamp("timestamp") AT TIME ZONE 'UTC' AS timestamp) AS "timestamp",
  "duration_ms",
  CAST("instant_charge" AS decimal(18,9)) AS "instant_charge",
  "request",
  "score",
  "order",
  "dt"
FROM "logs_files";

======== day, load
-- logferry: pipeline nightly, sink lake, for athena
-- files: ndjson (gzip), tool_execution/dt=*/*.ndjson.gz
-- Athena's timestamps have milliseconds
-- case.insensitive is FALSE so that a row whose nested JSON has keys that differ in case alone can be read; Parquet is read more exactly than JSON
-- partitions outside of the projected range are not seen, even where there are files: let the range begin earlier where older ones were exported
-- a table of the same name is dropped first, with the rows of an earlier load (Athena leaves their files below the location of query results: delete them there); logs_files is there for the load only, and to drop it removes none of the export's files

DROP TABLE IF EXISTS `logs_files`;

CREATE EXTERNAL TABLE `logs_files` (
  `log_id` string,
  `timestamp` string,
  `duration_ms` bigint,
  `instant_charge` string,
  `request` string,
  `score` double,
  `order` boolean
)
PARTITIONED BY (
  `dt` string
)
ROW FORMAT SERDE 'org.openx.data.jsonserde.JsonSerDe'
WITH SERDEPROPERTIES ('case.insensitive' = 'FALSE')
LOCATION 's3://my-bucket/agents/tool_execution/'
TBLPROPERTIES (
  'projection.enabled' = 'true',
  'projection.dt.type' = 'date',
  'projection.dt.format' = 'yyyy-MM-dd',
  'projection.dt.range' = '2026-01-31,NOW',
  'projection.dt.interval' = '1',
  'projection.dt.interval.unit' = 'DAYS',
  'storage.location.template' = 's3://my-bucket/agents/tool_execution/dt=${dt}/'
);

DROP TABLE IF EXISTS `logs`;

CREATE TABLE "logs"
WITH (format = 'PARQUET', write_compression = 'ZSTD') AS
SELECT
  "log_id",
  CAST(from_iso8601_timestamp("timestamp") AT TIME ZONE 'UTC' AS timestamp) AS "timestamp",
  "duration_ms",
  CAST("instant_charge" AS decimal(18,9)) AS "instant_charge",
  "request",
  "score",
  "order",
  "dt"
FROM "logs_files";

======== hour
-- logferry: pipeline nightly, sink lake, for athena
-- files: ndjson (gzip), tool_execution/dt=*/hour=*/*.ndjson.gz
-- Athena's timestamps have milliseconds
-- case.insensitive is FALSE so that a row whose nested JSON has keys that differ in case alone can be read; Parquet is read more exactly than JSON
-- partitions outside of the projected range are not seen, even where there are files: let the range begin earlier where older ones were exported
-- logs_files is dropped first, which removes none of the export's files; a table that a load has made under the view's name has to be dropped by hand

DROP TABLE IF EXISTS `logs_files`;

CREATE EXTERNAL TABLE `logs_files` (
  `log_id` string,
  `timestamp` string,
  `duration_ms` bigint,
  `instant_charge` string,
  `request` string,
  `score` double,
  `order` boolean
)
PARTITIONED BY (
  `dt` string,
  `hour` int
)
ROW FORMAT SERDE 'org.openx.data.jsonserde.JsonSerDe'
WITH SERDEPROPERTIES ('case.insensitive' = 'FALSE')
LOCATION 's3://my-bucket/agents/tool_execution/'
TBLPROPERTIES (
  'projection.enabled' = 'true',
  'projection.dt.type' = 'date',
  'projection.dt.format' = 'yyyy-MM-dd',
  'projection.dt.range' = '2026-01-31,NOW',
  'projection.dt.interval' = '1',
  'projection.dt.interval.unit' = 'DAYS',
  'projection.hour.type' = 'integer',
  'projection.hour.range' = '0,23',
  'projection.hour.digits' = '2',
  'storage.location.template' = 's3://my-bucket/agents/tool_execution/dt=${dt}/hour=${hour}/'
);

CREATE OR REPLACE VIEW "logs" AS
SELECT
  "log_id",
  CAST(from_iso8601_timestamp("timestamp") AT TIME ZONE 'UTC' AS timestamp) AS "timestamp",
  "duration_ms",
  CAST("instant_charge" AS decimal(18,9)) AS "instant_charge",
  "request",
  "score",
  "order",
  "dt",
  "hour"
FROM "logs_files";

======== hour, load
-- logferry: pipeline nightly, sink lake, for athena
-- files: ndjson (gzip), tool_execution/dt=*/hour=*/*.ndjson.gz
-- Athena's timestamps have milliseconds
-- case.insensitive is FALSE so that a row whose nested JSON has keys that differ in case alone can be read; Parquet is read more exactly than JSON
-- partitions outside of the projected range are not seen, even where there are files: let the range begin earlier where older ones were exported
-- a table of the same name is dropped first, with the rows of an earlier load (Athena leaves their files below the location of query results: delete them there); logs_files is there for the load only, and to drop it removes none of the export's files

DROP TABLE IF EXISTS `logs_files`;

CREATE EXTERNAL TABLE `logs_files` (
  `log_id` string,
  `timestamp` string,
  `duration_ms` bigint,
  `instant_charge` string,
  `request` string,
  `score` double,
  `order` boolean
)
PARTITIONED BY (
  `dt` string,
  `hour` int
)
ROW FORMAT SERDE 'org.openx.data.jsonserde.JsonSerDe'
WITH SERDEPROPERTIES ('case.insensitive' = 'FALSE')
LOCATION 's3://my-bucket/agents/tool_execution/'
TBLPROPERTIES (
  'projection.enabled' = 'true',
  'projection.dt.type' = 'date',
  'projection.dt.format' = 'yyyy-MM-dd',
  'projection.dt.range' = '2026-01-31,NOW',
  'projection.dt.interval' = '1',
  'projection.dt.interval.unit' = 'DAYS',
  'projection.hour.type' = 'integer',
  'projection.hour.range' = '0,23',
  'projection.hour.digits' = '2',
  'storage.location.template' = 's3://my-bucket/agents/tool_execution/dt=${dt}/hour=${hour}/'
);

DROP TABLE IF EXISTS `logs`;

CREATE TABLE "logs"
WITH (format = 'PARQUET', write_compression = 'ZSTD') AS
SELECT
  "log_id",
  CAST(from_iso8601_timestamp("timestamp") AT TIME ZONE 'UTC' AS timestamp) AS "timestamp",
  "duration_ms",
  CAST("instant_charge" AS decimal(18,9)) AS "instant_charge",
  "request",
  "score",
  "order",
  "dt",
  "hour"
FROM "logs_files";

======== month
-- logferry: pipeline nightly, sink lake, for athena
-- files: ndjson (gzip), tool_execution/month=*/*.ndjson.gz
-- Athena's timestamps have milliseconds
-- case.insensitive is FALSE so that a row whose nested JSON has keys that differ in case alone can be read; Parquet is read more exactly than JSON
-- partitions outside of the projected range are not seen, even where there are files: let the range begin earlier where older ones were exported
-- logs_files is dropped first, which removes none of the export's files; a table that a load has made under the view's name has to be dropped by hand

DROP TABLE IF EXISTS `logs_files`;

CREATE EXTERNAL TABLE `logs_files` (
  `log_id` string,
  `timestamp` string,
  `duration_ms` bigint,
  `instant_charge` string,
  `request` string,
  `score` double,
  `order` boolean
)
PARTITIONED BY (
  `month` string
)
ROW FORMAT SERDE 'org.openx.data.jsonserde.JsonSerDe'
WITH SERDEPROPERTIES ('case.insensitive' = 'FALSE')
LOCATION 's3://my-bucket/agents/tool_execution/'
TBLPROPERTIES (
  'projection.enabled' = 'true',
  'projection.month.type' = 'date',
  'projection.month.format' = 'yyyy-MM',
  'projection.month.range' = '2026-01,NOW',
  'projection.month.interval' = '1',
  'projection.month.interval.unit' = 'MONTHS',
  'storage.location.template' = 's3://my-bucket/agents/tool_execution/month=${month}/'
);

CREATE OR REPLACE VIEW "logs" AS
SELECT
  "log_id",
  CAST(from_iso8601_timestamp("timestamp") AT TIME ZONE 'UTC' AS timestamp) AS "timestamp",
  "duration_ms",
  CAST("instant_charge" AS decimal(18,9)) AS "instant_charge",
  "request",
  "score",
  "order",
  "month"
FROM "logs_files";

======== month, load
-- logferry: pipeline nightly, sink lake, for athena
-- files: ndjson (gzip), tool_execution/month=*/*.ndjson.gz
-- Athena's timestamps have milliseconds
-- case.insensitive is FALSE so that a row whose nested JSON has keys that differ in case alone can be read; Parquet is read more exactly than JSON
-- partitions outside of the projected range are not seen, even where there are files: let the range begin earlier where older ones were exported
-- a table of the same name is dropped first, with the rows of an earlier load (Athena leaves their files below the location of query results: delete them there); logs_files is there for the load only, and to drop it removes none of the export's files

DROP TABLE IF EXISTS `logs_files`;

CREATE EXTERNAL TABLE `logs_files` (
  `log_id` string,
  `timestamp` string,
  `duration_ms` bigint,
  `instant_charge` string,
  `request` string,
  `score` double,
  `order` boolean
)
PARTITIONED BY (
  `month` string
)
ROW FORMAT SERDE 'org.openx.data.jsonserde.JsonSerDe'
WITH SERDEPROPERTIES ('case.insensitive' = 'FALSE')
LOCATION 's3://my-bucket/agents/tool_execution/'
TBLPROPERTIES (
  'projection.enabled' = 'true',
  'projection.month.type' = 'date',
  'projection.month.format' = 'yyyy-MM',
  'projection.month.range' = '2026-01,NOW',
  'projection.month.interval' = '1',
  'projection.month.interval.unit' = 'MONTHS',
  'storage.location.template' = 's3://my-bucket/agents/tool_execution/month=${month}/'
);

DROP TABLE IF EXISTS `logs`;

CREATE TABLE "logs"
WITH (format = 'PARQUET', write_compression = 'ZSTD') AS
SELECT
  "log_id",
  CAST(from_iso8601_timestamp("timestamp") AT TIME ZONE 'UTC' AS timestamp) AS "timestamp",
  "duration_ms",
  CAST("instant_charge" AS decimal(18,9)) AS "instant_charge",
  "request",
  "score",
  "order",
  "month"
FROM "logs_files";

======== projects
-- logferry: pipeline nightly, sink lake, for athena
-- files: ndjson (gzip), tool_execution/project=*/dt=*/*.ndjson.gz
-- Athena's timestamps have milliseconds
-- case.insensitive is FALSE so that a row whose nested JSON has keys that differ in case alone can be read; Parquet is read more exactly than JSON
-- partitions outside of the projected range are not seen, even where there are files: let the range begin earlier where older ones were exported
-- logs_files is dropped first, which removes none of the export's files; a table that a load has made under the view's name has to be dropped by hand
-- the projects are named: make it anew when another is declared

DROP TABLE IF EXISTS `logs_files`;

CREATE EXTERNAL TABLE `logs_files` (
  `log_id` string,
  `timestamp` string,
  `duration_ms` bigint,
  `instant_charge` string,
  `request` string,
  `score` double,
  `order` boolean
)
PARTITIONED BY (
  `project` string,
  `dt` string
)
ROW FORMAT SERDE 'org.openx.data.jsonserde.JsonSerDe'
WITH SERDEPROPERTIES ('case.insensitive' = 'FALSE')
LOCATION 's3://my-bucket/agents/tool_execution/'
TBLPROPERTIES (
  'projection.enabled' = 'true',
  'projection.project.type' = 'enum',
  'projection.project.values' = 'prod,staging',
  'projection.dt.type' = 'date',
  'projection.dt.format' = 'yyyy-MM-dd',
  'projection.dt.range' = '2026-01-31,NOW',
  'projection.dt.interval' = '1',
  'projection.dt.interval.unit' = 'DAYS',
  'storage.location.template' = 's3://my-bucket/agents/tool_execution/project=${project}/dt=${dt}/'
);

CREATE OR REPLACE VIEW "logs" AS
SELECT
  "log_id",
  CAST(from_iso8601_timestamp("timestamp") AT TIME ZONE 'UTC' AS timestamp) AS "timestamp",
  "duration_ms",
  CAST("instant_charge" AS decimal(18,9)) AS "instant_charge",
  "request",
  "score",
  "order",
  "project",
  "dt"
FROM "logs_files";

======== projects, load
-- logferry: pipeline nightly, sink lake, for athena
-- files: ndjson (gzip), tool_execution/project=*/dt=*/*.ndjson.gz
-- Athena's timestamps have milliseconds
-- case.insensitive is FALSE so that a row whose nested JSON has keys that differ in case alone can be read; Parquet is read more exactly than JSON
-- partitions outside of the projected range are not seen, even where there are files: let the range begin earlier where older ones were exported
-- a table of the same name is dropped first, with the rows of an earlier load (Athena leaves their files below the location of query results: delete them there); logs_files is there for the load only, and to drop it removes none of the export's files
-- the projects are named: make it anew when another is declared

DROP TABLE IF EXISTS `logs_files`;

CREATE EXTERNAL TABLE `logs_files` (
  `log_id` string,
  `timestamp` string,
  `duration_ms` bigint,
  `instant_charge` string,
  `request` string,
  `score` double,
  `order` boolean
)
PARTITIONED BY (
  `project` string,
  `dt` string
)
ROW FORMAT SERDE 'org.openx.data.jsonserde.JsonSerDe'
WITH SERDEPROPERTIES ('case.insensitive' = 'FALSE')
LOCATION 's3://my-bucket/agents/tool_execution/'
TBLPROPERTIES (
  'projection.enabled' = 'true',
  'projection.project.type' = 'enum',
  'projection.project.values' = 'prod,staging',
  'projection.dt.type' = 'date',
  'projection.dt.format' = 'yyyy-MM-dd',
  'projection.dt.range' = '2026-01-31,NOW',
  'projection.dt.interval' = '1',
  'projection.dt.interval.unit' = 'DAYS',
  'storage.location.template' = 's3://my-bucket/agents/tool_execution/project=${project}/dt=${dt}/'
);

DROP TABLE IF EXISTS `logs`;

CREATE TABLE "logs"
WITH (format = 'PARQUET', write_compression = 'ZSTD') AS
SELECT
  "log_id",
  CAST(from_iso8601_timestamp("timestamp") AT TIME ZONE 'UTC' AS timestamp) AS "timestamp",
  "duration_ms",
  CAST("instant_charge" AS decimal(18,9)) AS "instant_charge",
  "request",
  "score",
  "order",
  "project",
  "dt"
FROM "logs_files";

======== projects-hour
-- logferry: pipeline nightly, sink lake, for athena
-- files: ndjson (gzip), tool_execution/project=*/dt=*/hour=*/*.ndjson.gz
-- Athena's timestamps have milliseconds
-- case.insensitive is FALSE so that a row whose nested JSON has keys that differ in case alone can be read; Parquet is read more exactly than JSON
-- partitions outside of the projected range are not seen, even where there are files: let the range begin earlier where older ones were exported
-- logs_files is dropped first, which removes none of the export's files; a table that a load has made under the view's name has to be dropped by hand
-- the projects are named: make it anew when another is declared

DROP TABLE IF EXISTS `logs_files`;

CREATE EXTERNAL TABLE `logs_files` (
  `log_id` string,
  `timestamp` string,
  `duration_ms` bigint,
  `instant_charge` string,
  `request` string,
  `score` double,
  `order` boolean
)
PARTITIONED BY (
  `project` string,
  `dt` string,
  `hour` int
)
ROW FORMAT SERDE 'org.openx.data.jsonserde.JsonSerDe'
WITH SERDEPROPERTIES ('case.insensitive' = 'FALSE')
LOCATION 's3://my-bucket/agents/tool_execution/'
TBLPROPERTIES (
  'projection.enabled' = 'true',
  'projection.project.type' = 'enum',
  'projection.project.values' = 'prod',
  'projection.dt.type' = 'date',
  'projection.dt.format' = 'yyyy-MM-dd',
  'projection.dt.range' = '2026-01-31,NOW',
  'projection.dt.interval' = '1',
  'projection.dt.interval.unit' = 'DAYS',
  'projection.hour.type' = 'integer',
  'projection.hour.range' = '0,23',
  'projection.hour.digits' = '2',
  'storage.location.template' = 's3://my-bucket/agents/tool_execution/project=${project}/dt=${dt}/hour=${hour}/'
);

CREATE OR REPLACE VIEW "logs" AS
SELECT
  "log_id",
  CAST(from_iso8601_timestamp("timestamp") AT TIME ZONE 'UTC' AS timestamp) AS "timestamp",
  "duration_ms",
  CAST("instant_charge" AS decimal(18,9)) AS "instant_charge",
  "request",
  "score",
  "order",
  "project",
  "dt",
  "hour"
FROM "logs_files";

======== projects-hour, load
-- logferry: pipeline nightly, sink lake, for athena
-- files: ndjson (gzip), tool_execution/project=*/dt=*/hour=*/*.ndjson.gz
-- Athena's timestamps have milliseconds
-- case.insensitive is FALSE so that a row whose nested JSON has keys that differ in case alone can be read; Parquet is read more exactly than JSON
-- partitions outside of the projected range are not seen, even where there are files: let the range begin earlier where older ones were exported
-- a table of the same name is dropped first, with the rows of an earlier load (Athena leaves their files below the location of query results: delete them there); logs_files is there for the load only, and to drop it removes none of the export's files
-- the projects are named: make it anew when another is declared

DROP TABLE IF EXISTS `logs_files`;

CREATE EXTERNAL TABLE `logs_files` (
  `log_id` string,
  `timestamp` string,
  `duration_ms` bigint,
  `instant_charge` string,
  `request` string,
  `score` double,
  `order` boolean
)
PARTITIONED BY (
  `project` string,
  `dt` string,
  `hour` int
)
ROW FORMAT SERDE 'org.openx.data.jsonserde.JsonSerDe'
WITH SERDEPROPERTIES ('case.insensitive' = 'FALSE')
LOCATION 's3://my-bucket/agents/tool_execution/'
TBLPROPERTIES (
  'projection.enabled' = 'true',
  'projection.project.type' = 'enum',
  'projection.project.values' = 'prod',
  'projection.dt.type' = 'date',
  'projection.dt.format' = 'yyyy-MM-dd',
  'projection.dt.range' = '2026-01-31,NOW',
  'projection.dt.interval' = '1',
  'projection.dt.interval.unit' = 'DAYS',
  'projection.hour.type' = 'integer',
  'projection.hour.range' = '0,23',
  'projection.hour.digits' = '2',
  'storage.location.template' = 's3://my-bucket/agents/tool_execution/project=${project}/dt=${dt}/hour=${hour}/'
);

DROP TABLE IF EXISTS `logs`;

CREATE TABLE "logs"
WITH (format = 'PARQUET', write_compression = 'ZSTD') AS
SELECT
  "log_id",
  CAST(from_iso8601_timestamp("timestamp") AT TIME ZONE 'UTC' AS timestamp) AS "timestamp",
  "duration_ms",
  CAST("instant_charge" AS decimal(18,9)) AS "instant_charge",
  "request",
  "score",
  "order",
  "project",
  "dt",
  "hour"
FROM "logs_files";

