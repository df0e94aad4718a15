======== day
-- logferry: pipeline nightly, sink lake, for spark
-- files: parquet (zstd), tool_execution/dt=*/*.parquet
-- a table of the same name is dropped first: that removes none of the export's files, but the rows of a load that had the name
-- if the metastore gives external tables the property external.table.purge, DROP TABLE removes their files, too: then leave it out
-- run MSCK REPAIR TABLE again after an apply that made partitions

DROP TABLE IF EXISTS `logs`;

CREATE TABLE `logs` (
  `log_id` STRING,
  `timestamp` TIMESTAMP,
  `duration_ms` BIGINT,
  `instant_charge` DECIMAL(18,9),
  `request` STRING,
  `score` DOUBLE,
  `order` BOOLEAN,
  `dt` DATE
)
USING PARQUET
PARTITIONED BY (`dt`)
LOCATION 's3a://my-bucket/agents/tool_execution';

MSCK REPAIR TABLE `logs` SYNC PARTITIONS;

======== day, load
-- logferry: pipeline nightly, sink lake, for spark
-- files: parquet (zstd), tool_execution/dt=*/*.parquet
-- a table of the same name is dropped first, with the rows of an earlier load; logs_files is there for the load only, and to drop it removes none of the export's files
-- if the metastore gives external tables the property external.table.purge, DROP TABLE removes their files, too: then leave it out
-- run MSCK REPAIR TABLE again after an apply that made partitions

DROP TABLE IF EXISTS `logs_files`;

CREATE TABLE `logs_files` (
  `log_id` STRING,
  `timestamp` TIMESTAMP,
  `duration_ms` BIGINT,
  `instant_charge` DECIMAL(18,9),
  `request` STRING,
  `score` DOUBLE,
  `order` BOOLEAN,
  `dt` DATE
)
USING PARQUET
PARTITIONED BY (`dt`)
LOCATION 's3a://my-bucket/agents/tool_execution';

MSCK REPAIR TABLE `logs_files` SYNC PARTITIONS;

DROP TABLE IF EXISTS `logs`;

CREATE TABLE `logs`
USING PARQUET AS
SELECT * FROM `logs_files`;

======== hour
-- logferry: pipeline nightly, sink lake, for spark
-- files: parquet (zstd), tool_execution/dt=*/hour=*/*.parquet
-- a table of the same name is dropped first: that removes none of the export's files, but the rows of a load that had the name
-- if the metastore gives external tables the property external.table.purge, DROP TABLE removes their files, too: then leave it out
-- run MSCK REPAIR TABLE again after an apply that made partitions

DROP TABLE IF EXISTS `logs`;

CREATE TABLE `logs` (
  `log_id` STRING,
  `timestamp` TIMESTAMP,
  `duration_ms` BIGINT,
  `instant_charge` DECIMAL(18,9),
  `request` STRING,
  `score` DOUBLE,
  `order` BOOLEAN,
  `dt` DATE,
  `hour` INT
)
USING PARQUET
PARTITIONED BY (`dt`, `hour`)
LOCATION 's3a://my-bucket/agents/tool_execution';

MSCK REPAIR TABLE `logs` SYNC PARTITIONS;

======== hour, load
-- logferry: pipeline nightly, sink lake, for spark
-- files: parquet (zstd), tool_execution/dt=*/hour=*/*.parquet
-- a table of the same name is dropped first, with the rows of an earlier load; logs_files is there for the load only, and to drop it removes none of the export's files
-- if the metastore gives external tables the property external.table.purge, DROP TABLE removes their files, too: then leave it out
-- run MSCK REPAIR TABLE again after an apply that made partitions

DROP TABLE IF EXISTS `logs_files`;

CREATE TABLE `logs_files` (
  `log_id` STRING,
  `timestamp` TIMESTAMP,
  `duration_ms` BIGINT,
  `instant_charge` DECIMAL(18,9),
  `request` STRING,
  `score` DOUBLE,
  `order` BOOLEAN,
  `dt` DATE,
  `hour` INT
)
USING PARQUET
PARTITIONED BY (`dt`, `hour`)
LOCATION 's3a://my-bucket/agents/tool_execution';

MSCK REPAIR TABLE `logs_files` SYNC PARTITIONS;

DROP TABLE IF EXISTS `logs`;

CREATE TABLE `logs`
USING PARQUET AS
SELECT * FROM `logs_files`;

======== month
-- logferry: pipeline nightly, sink lake, for spark
-- files: parquet (zstd), tool_execution/month=*/*.parquet
-- a table of the same name is dropped first: that removes none of the export's files, but the rows of a load that had the name
-- if the metastore gives external tables the property external.table.purge, DROP TABLE removes their files, too: then leave it out
-- run MSCK REPAIR TABLE again after an apply that made partitions

DROP TABLE IF EXISTS `logs`;

CREATE TABLE `logs` (
  `log_id` STRING,
  `timestamp` TIMESTAMP,
  `duration_ms` BIGINT,
  `instant_charge` DECIMAL(18,9),
  `request` STRING,
  `score` DOUBLE,
  `order` BOOLEAN,
  `month` STRING
)
USING PARQUET
PARTITIONED BY (`month`)
LOCATION 's3a://my-bucket/agents/tool_execution';

MSCK REPAIR TABLE `logs` SYNC PARTITIONS;

======== month, load
-- logferry: pipeline nightly, sink lake, for spark
-- files: parquet (zstd), tool_execution/month=*/*.parquet
-- a table of the same name is dropped first, with the rows of an earlier load; logs_files is there for the load only, and to drop it removes none of the export's files
-- if the metastore gives external tables the property external.table.purge, DROP TABLE removes their files, too: then leave it out
-- run MSCK REPAIR TABLE again after an apply that made partitions

DROP TABLE IF EXISTS `logs_files`;

CREATE TABLE `logs_files` (
  `log_id` STRING,
  `timestamp` TIMESTAMP,
  `duration_ms` BIGINT,
  `instant_charge` DECIMAL(18,9),
  `request` STRING,
  `score` DOUBLE,
  `order` BOOLEAN,
  `month` STRING
)
USING PARQUET
PARTITIONED BY (`month`)
LOCATION 's3a://my-bucket/agents/tool_execution';

MSCK REPAIR TABLE `logs_files` SYNC PARTITIONS;

DROP TABLE IF EXISTS `logs`;

CREATE TABLE `logs`
USING PARQUET AS
SELECT * FROM `logs_files`;

======== projects
-- logferry: pipeline nightly, sink lake, for spark
-- files: parquet (zstd), tool_execution/project=*/dt=*/*.parquet
-- a table of the same name is dropped first: that removes none of the export's files, but the rows of a load that had the name
-- if the metastore gives external tables the property external.table.purge, DROP TABLE removes their files, too: then leave it out
-- run MSCK REPAIR TABLE again after an apply that made partitions

DROP TABLE IF EXISTS `logs`;

CREATE TABLE `logs` (
  `log_id` STRING,
  `timestamp` TIMESTAMP,
  `duration_ms` BIGINT,
  `instant_charge` DECIMAL(18,9),
  `request` STRING,
  `score` DOUBLE,
  `order` BOOLEAN,
  `project` STRING,
  `dt` DATE
)
USING PARQUET
PARTITIONED BY (`project`, `dt`)
LOCATION 's3a://my-bucket/agents/tool_execution';

MSCK REPAIR TABLE `logs` SYNC PARTITIONS;

======== projects, load
-- logferry: pipeline nightly, sink lake, for spark
-- files: parquet (zstd), tool_execution/project=*/dt=*/*.parquet
-- a table of the same name is dropped first, with the rows of an earlier load; logs_files is there for the load only, and to drop it removes none of the export's files
-- if the metastore gives external tables the property external.table.purge, DROP TABLE removes their files, too: then leave it out
-- run MSCK REPAIR TABLE again after an apply that made partitions

DROP TABLE IF EXISTS `logs_files`;

CREATE TABLE `logs_files` (
  `log_id` STRING,
  `timestamp` TIMESTAMP,
  `duration_ms` BIGINT,
  `instant_charge` DECIMAL(18,9),
  `request` STRING,
  `score` DOUBLE,
  `order` BOOLEAN,
  `project` STRING,
  `dt` DATE
)
USING PARQUET
PARTITIONED BY (`project`, `dt`)
LOCATION 's3a://my-bucket/agents/tool_execution';

MSCK REPAIR TABLE `logs_files` SYNC PARTITIONS;

DROP TABLE IF EXISTS `logs`;

CREATE TABLE `logs`
USING PARQUET AS
SELECT * FROM `logs_files`;

======== projects-hour
-- logferry: pipeline nightly, sink lake, for spark
-- files: parquet (zstd), tool_execution/project=*/dt=*/hour=*/*.parquet
-- a table of the same name is dropped first: that removes none of the export's files, but the rows of a load that had the name
-- if the metastore gives external tables the property external.table.purge, DROP TABLE removes their files, too: then leave it out
-- run MSCK REPAIR TABLE again after an apply that made partitions

DROP TABLE IF EXISTS `logs`;

CREATE TABLE `logs` (
  `log_id` STRING,
  `timestamp` TIMESTAMP,
  `duration_ms` BIGINT,
  `instant_charge` DECIMAL(18,9),
  `request` STRING,
  `score` DOUBLE,
  `order` BOOLEAN,
  `project` STRING,
  `dt` DATE,
  `hour` INT
)
USING PARQUET
PARTITIONED BY (`project`, `dt`, `hour`)
LOCATION 's3a://my-bucket/agents/tool_execution';

MSCK REPAIR TABLE `logs` SYNC PARTITIONS;

======== projects-hour, load
-- logferry: pipeline nightly, sink lake, for spark
-- files: parquet (zstd), tool_execution/project=*/dt=*/hour=*/*.parquet
-- a table of the same name is dropped first, with the rows of an earlier load; logs_files is there for the load only, and to drop it removes none of the export's files
-- if the metastore gives external tables the property external.table.purge, DROP TABLE removes their files, too: then leave it out
-- run MSCK REPAIR TABLE again after an apply that made partitions

DROP TABLE IF EXISTS `logs_files`;

CREATE TABLE `logs_files` (
  `log_id` STRING,
  `timestamp` TIMESTAMP,
  `duration_ms` BIGINT,
  `instant_charge` DECIMAL(18,9),
  `request` STRING,
  `score` DOUBLE,
  `order` BOOLEAN,
  `project` STRING,
  `dt` DATE,
  `hour` INT
)
USING PARQUET
PARTITIONED BY (`project`, `dt`, `hour`)
LOCATION 's3a://my-bucket/agents/tool_execution';

MSCK REPAIR TABLE `logs_files` SYNC PARTITIONS;

DROP TABLE IF EXISTS `logs`;

CREATE TABLE `logs`
USING PARQUET AS
SELECT * FROM `logs_files`;

