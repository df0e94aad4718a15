======== day
-- logferry: pipeline nightly, sink lake, for athena
-- files: parquet (zstd), tool_execution/dt=*/*.parquet
-- Athena's timestamps have milliseconds
-- partitions outside of the projected range are not seen, even where there are files: let the range begin earlier where older ones were exported
-- a table of the same name is dropped first: that removes none of the export's files, but the rows of a load that had the name (Athena leaves their files below the location of query results: delete them there)

DROP TABLE IF EXISTS `logs`;

CREATE EXTERNAL TABLE `logs` (
  `log_id` string,
  `timestamp` timestamp,
  `duration_ms` bigint,
  `instant_charge` decimal(18,9),
  `request` string,
  `score` double,
  `order` boolean
)
PARTITIONED BY (
  `dt` string
)
STORED AS PARQUET
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

======== day, load
-- logferry: pipeline nightly, sink lake, for athena
-- files: parquet (zstd), tool_execution/dt=*/*.parquet
-- Athena's timestamps have milliseconds
-- partitions outside of the projected range are not seen, even where there are files: let the range begin earlier where older ones were exported
-- a table of the same name is dropped first, with the rows of an earlier load (Athena leaves their files below the location of query results: delete them there); logs_files is there for the load only, and to drop it removes none of the export's files

DROP TABLE IF EXISTS `logs_files`;

CREATE EXTERNAL TABLE `logs_files` (
  `log_id` string,
  `timestamp` timestamp,
  `duration_ms` bigint,
  `instant_charge` decimal(18,9),
  `request` string,
  `score` double,
  `order` boolean
)
PARTITIONED BY (
  `dt` string
)
STORED AS PARQUET
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
  "timestamp",
  "duration_ms",
  "instant_charge",
  "request",
  "score",
  "order",
  "dt"
FROM "logs_files";

======== hour
-- logferry: pipeline nightly, sink lake, for athena
-- files: parquet (zstd), tool_execution/dt=*/hour=*/*.parquet
-- Athena's timestamps have milliseconds
-- partitions outside of the projected range are not seen, even where there are files: let the range begin earlier where older ones were exported
-- a table of the same name is dropped first: that removes none of the export's files, but the rows of a load that had the name (Athena leaves their files below the location of query results: delete them there)

DROP TABLE IF EXISTS `logs`;

CREATE EXTERNAL TABLE `logs` (
  `log_id` string,
  `timestamp` timestamp,
  `duration_ms` bigint,
  `instant_charge` decimal(18,9),
  `request` string,
  `score` double,
  `order` boolean
)
PARTITIONED BY (
  `dt` string,
  `hour` int
)
STORED AS PARQUET
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

======== hour, load
-- logferry: pipeline nightly, sink lake, for athena
-- files: parquet (zstd), tool_execution/dt=*/hour=*/*.parquet
-- Athena's timestamps have milliseconds
-- partitions outside of the projected range are not seen, even where there are files: let the range begin earlier where older ones were exported
-- a table of the same name is dropped first, with the rows of an earlier load (Athena leaves their files below the location of query results: delete them there); logs_files is there for the load only, and to drop it removes none of the export's files

DROP TABLE IF EXISTS `logs_files`;

CREATE EXTERNAL TABLE `logs_files` (
  `log_id` string,
  `timestamp` timestamp,
  `duration_ms` bigint,
  `instant_charge` decimal(18,9),
  `request` string,
  `score` double,
  `order` boolean
)
PARTITIONED BY (
  `dt` string,
  `hour` int
)
STORED AS PARQUET
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
  "timestamp",
  "duration_ms",
  "instant_charge",
  "request",
  "score",
  "order",
  "dt",
  "hour"
FROM "logs_files";

======== month
-- logferry: pipeline nightly, sink lake, for athena
-- files: parquet (zstd), tool_execution/month=*/*.parquet
-- Athena's timestamps have milliseconds
-- partitions outside of the projected range are not seen, even where there are files: let the range begin earlier where older ones were exported
-- a table of the same name is dropped first: that removes none of the export's files, but the rows of a load that had the name (Athena leaves their files below the location of query results: delete them there)

DROP TABLE IF EXISTS `logs`;

CREATE EXTERNAL TABLE `logs` (
  `log_id` string,
  `timestamp` timestamp,
  `duration_ms` bigint,
  `instant_charge` decimal(18,9),
  `request` string,
  `score` double,
  `order` boolean
)
PARTITIONED BY (
  `month` string
)
STORED AS PARQUET
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

======== month, load
-- logferry: pipeline nightly, sink lake, for athena
-- files: parquet (zstd), tool_execution/month=*/*.parquet
-- Athena's timestamps have milliseconds
-- partitions outside of the projected range are not seen, even where there are files: let the range begin earlier where older ones were exported
-- a table of the same name is dropped first, with the rows of an earlier load (Athena leaves their files below the location of query results: delete them there); logs_files is there for the load only, and to drop it removes none of the export's files

DROP TABLE IF EXISTS `logs_files`;

CREATE EXTERNAL TABLE `logs_files` (
  `log_id` string,
  `timestamp` timestamp,
  `duration_ms` bigint,
  `instant_charge` decimal(18,9),
  `request` string,
  `score` double,
  `order` boolean
)
PARTITIONED BY (
  `month` string
)
STORED AS PARQUET
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
  "timestamp",
  "duration_ms",
  "instant_charge",
  "request",
  "score",
  "order",
  "month"
FROM "logs_files";

======== projects
-- logferry: pipeline nightly, sink lake, for athena
-- files: parquet (zstd), tool_execution/project=*/dt=*/*.parquet
-- Athena's timestamps have milliseconds
-- partitions outside of the projected range are not seen, even where there are files: let the range begin earlier where older ones were exported
-- a table of the same name is dropped first: that removes none of the export's files, but the rows of a load that had the name (Athena leaves their files below the location of query results: delete them there)
-- the projects are named: make it anew when another is declared

DROP TABLE IF EXISTS `logs`;

CREATE EXTERNAL TABLE `logs` (
  `log_id` string,
  `timestamp` timestamp,
  `duration_ms` bigint,
  `instant_charge` decimal(18,9),
  `request` string,
  `score` double,
  `order` boolean
)
PARTITIONED BY (
  `project` string,
  `dt` string
)
STORED AS PARQUET
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

======== projects, load
-- logferry: pipeline nightly, sink lake, for athena
-- files: parquet (zstd), tool_execution/project=*/dt=*/*.parquet
-- Athena's timestamps have milliseconds
-- partitions outside of the projected range are not seen, even where there are files: let the range begin earlier where older ones were exported
-- a table of the same name is dropped first, with the rows of an earlier load (Athena leaves their files below the location of query results: delete them there); logs_files is there for the load only, and to drop it removes none of the export's files
-- the projects are named: make it anew when another is declared

DROP TABLE IF EXISTS `logs_files`;

CREATE EXTERNAL TABLE `logs_files` (
  `log_id` string,
  `timestamp` timestamp,
  `duration_ms` bigint,
  `instant_charge` decimal(18,9),
  `request` string,
  `score` double,
  `order` boolean
)
PARTITIONED BY (
  `project` string,
  `dt` string
)
STORED AS PARQUET
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
  "timestamp",
  "duration_ms",
  "instant_charge",
  "request",
  "score",
  "order",
  "project",
  "dt"
FROM "logs_files";

======== projects-hour
-- logferry: pipeline nightly, sink lake, for athena
-- files: parquet (zstd), tool_execution/project=*/dt=*/hour=*/*.parquet
-- Athena's timestamps have milliseconds
-- partitions outside of the projected range are not seen, even where there are files: let the range begin earlier where older ones were exported
-- a table of the same name is dropped first: that removes none of the export's files, but the rows of a load that had the name (Athena leaves their files below the location of query results: delete them there)
-- the projects are named: make it anew when another is declared

DROP TABLE IF EXISTS `logs`;

CREATE EXTERNAL TABLE `logs` (
  `log_id` string,
  `timestamp` timestamp,
  `duration_ms` bigint,
  `instant_charge` decimal(18,9),
  `request` string,
  `score` double,
  `order` boolean
)
PARTITIONED BY (
  `project` string,
  `dt` string,
  `hour` int
)
STORED AS PARQUET
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

======== projects-hour, load
-- logferry: pipeline nightly, sink lake, for athena
-- files: parquet (zstd), tool_execution/project=*/dt=*/hour=*/*.parquet
-- Athena's timestamps have milliseconds
-- partitions outside of the projected range are not seen, even where there are files: let the range begin earlier where older ones were exported
-- a table of the same name is dropped first, with the rows of an earlier load (Athena leaves their files below the location of query results: delete them there); logs_files is there for the load only, and to drop it removes none of the export's files
-- the projects are named: make it anew when another is declared

DROP TABLE IF EXISTS `logs_files`;

CREATE EXTERNAL TABLE `logs_files` (
  `log_id` string,
  `timestamp` timestamp,
  `duration_ms` bigint,
  `instant_charge` decimal(18,9),
  `request` string,
  `score` double,
  `order` boolean
)
PARTITIONED BY (
  `project` string,
  `dt` string,
  `hour` int
)
STORED AS PARQUET
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
  "timestamp",
  "duration_ms",
  "instant_charge",
  "request",
  "score",
  "order",
  "project",
  "dt",
  "hour"
FROM "logs_files";

