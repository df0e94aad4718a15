======== day
-- logferry: pipeline nightly, sink lake, for spark
-- files: parquet (zstd), tool_execution/dt=*/*.parquet
-- run MSCK REPAIR TABLE again after an apply that made partitions

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
-- run MSCK REPAIR TABLE again after an apply that made partitions

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

CREATE TABLE `logs`
USING PARQUET AS
SELECT * FROM `logs_files`;

======== hour
-- logferry: pipeline nightly, sink lake, for spark
-- files: parquet (zstd), tool_execution/dt=*/hour=*/*.parquet
-- run MSCK REPAIR TABLE again after an apply that made partitions

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
-- run MSCK REPAIR TABLE again after an apply that made partitions

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

CREATE TABLE `logs`
USING PARQUET AS
SELECT * FROM `logs_files`;

======== month
-- logferry: pipeline nightly, sink lake, for spark
-- files: parquet (zstd), tool_execution/month=*/*.parquet
-- run MSCK REPAIR TABLE again after an apply that made partitions

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
-- run MSCK REPAIR TABLE again after an apply that made partitions

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

CREATE TABLE `logs`
USING PARQUET AS
SELECT * FROM `logs_files`;

======== projects
-- logferry: pipeline nightly, sink lake, for spark
-- files: parquet (zstd), tool_execution/project=*/dt=*/*.parquet
-- run MSCK REPAIR TABLE again after an apply that made partitions

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
-- run MSCK REPAIR TABLE again after an apply that made partitions

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

CREATE TABLE `logs`
USING PARQUET AS
SELECT * FROM `logs_files`;

======== projects-hour
-- logferry: pipeline nightly, sink lake, for spark
-- files: parquet (zstd), tool_execution/project=*/dt=*/hour=*/*.parquet
-- run MSCK REPAIR TABLE again after an apply that made partitions

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
-- run MSCK REPAIR TABLE again after an apply that made partitions

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

CREATE TABLE `logs`
USING PARQUET AS
SELECT * FROM `logs_files`;

